import { Checkbox, Group, Stack, Text } from "@mantine/core";
import { IconFileImport } from "@tabler/icons-react";
import { keepPreviousData } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { $api, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { PROMPT_KIND, SPLIT, submitterLabel, USE_CASE } from "@/api/labels";
import { BulkBar } from "@/features/prompts/BulkBar";
import { ChangeNotice } from "@/features/prompts/ChangeActions";
import { PromptFilters } from "@/features/prompts/PromptFilters";
import classes from "@/features/prompts/Prompts.module.css";
import { NOTHING, type Filters as Query, type Selection, toggled } from "@/features/prompts/selection";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatNumber, pluralize } from "@/ui/format";
import { languageName } from "@/ui/languages";
import { LinkButton, TextLink } from "@/ui/links";
import { Page, PageHeader } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";

type Row = Schemas["PromptRow"];

const COLUMNS: Column<Row>[] = [
  {
    key: "text",
    header: "Prompt",
    render: (row) => (
      <>
        <TextLink
          to="/prompts/$promptId"
          params={{ promptId: String(row.id) }}
          className={classes.excerpt}
          dir="auto"
        >
          {row.text || "(empty)"}
        </TextLink>
        {row.tags.length > 0 && (
          <Group gap={4} mt={2}>
            {row.tags.map((tag) => (
              <span key={tag} className={classes.tag}>
                {tag}
              </span>
            ))}
          </Group>
        )}
      </>
    ),
  },
  {
    key: "use_case",
    header: "Use case",
    render: (row) => (
      <Stack gap={0}>
        {USE_CASE[row.use_case]}
        <Text size="xs" c="dimmed">
          {PROMPT_KIND[row.kind]}
          {row.language && ` · ${languageName(row.language)}`}
        </Text>
      </Stack>
    ),
  },
  {
    key: "submitter",
    header: "Submitter",
    render: (row) => (
      <Stack gap={0}>
        <TextLink to="/prompts" search={{ submitter: row.submitter }} className={classes.word}>
          {submitterLabel(row.submitter)}
        </TextLink>
        <Text size="xs" c="dimmed">
          {SPLIT[row.split]}
        </Text>
      </Stack>
    ),
  },
  {
    key: "responses",
    header: "Responses",
    align: "right",
    render: (row) => formatNumber(row.response_count),
  },
  {
    key: "created",
    header: "Added",
    ordering: "created_at",
    render: (row) => (
      <span className={classes.time}>
        <RelativeTime at={row.created_at} />
      </span>
    ),
  },
];

function chooseColumn(selection: Selection, onSelect: (selection: Selection) => void): Column<Row> {
  return {
    key: "choose",
    header: "",
    width: "2.5rem",
    render: ({ id }) => (
      <Checkbox
        aria-label={`Choose prompt ${id}`}
        checked={selection.all !== null || selection.ids.has(id)}
        onChange={() => onSelect(toggled(selection, id))}
      />
    ),
  };
}

export function PromptsPage() {
  const search = useSearch({ from: "/members/prompts" });
  const navigate = useNavigate({ from: "/prompts" });
  const { page = 1, ...filters } = search;
  const { data, error, isPending } = $api.useQuery(
    "get",
    "/api/v1/prompts",
    { params: { query: { ...filters, page } } },
    { placeholderData: keepPreviousData },
  );
  const [selection, setSelection] = useState(NOTHING);
  const [changeId, setChangeId] = useState<number | null>(null);
  const set = (change: Query) => {
    setSelection(NOTHING);
    void navigate({ search: { ...filters, ...change } as typeof filters });
  };
  const isFiltered = Object.values(filters).some((value) => value !== undefined);
  const importButton = (
    <LinkButton to="/prompts/import" leftSection={<IconFileImport size={16} aria-hidden />}>
      Import a file
    </LinkButton>
  );
  return (
    <Page title="Prompts">
      <PageHeader
        title="Prompts"
        description="What people ask. Each submitter is in one split only, so no one's prompts are both trained and tested on."
        actions={
          <Group>
            <LinkButton to="/prompts/tables" variant="default">
              Tables
            </LinkButton>
            <LinkButton to="/prompts/consents" variant="default">
              Consents
            </LinkButton>
            <LinkButton to="/prompts/personal-data" variant="default">
              Personal data
            </LinkButton>
            <LinkButton to="/prompts/changes" variant="default">
              Changes
            </LinkButton>
            {importButton}
          </Group>
        }
      />
      <PromptFilters filters={filters} set={set} />
      {filters.prompt_import && <OfImport importId={filters.prompt_import} />}
      {error && <FieldErrors message={errorMessage(error)} />}
      {data?.count_is_capped && (
        <Text size="sm" c="dimmed">
          At least {formatNumber(data.count)} match; narrow the search down to see all of them.
        </Text>
      )}
      {changeId !== null && <ChangeNotice key={changeId} changeId={changeId} />}
      {Boolean(data?.count) && (
        <BulkBar
          rows={data?.results ?? []}
          hasMore={(data?.count ?? 0) > (data?.results.length ?? 0)}
          filters={filters}
          selection={selection}
          onSelect={setSelection}
          onChanged={setChangeId}
        />
      )}
      <DataTable
        label="Prompts"
        columns={[chooseColumn(selection, setSelection), ...COLUMNS]}
        rows={data?.results}
        rowKey={(row) => row.id}
        isLoading={isPending}
        count={data?.count}
        page={page}
        onPageChange={(next) => void navigate({ search: { ...filters, page: next } })}
        ordering={filters.ordering ?? "-created_at"}
        onOrderingChange={(ordering) => set({ ordering: ordering as Query["ordering"] })}
        empty={
          isFiltered ? (
            <EmptyState title="No prompt matches">Try fewer words or filters.</EmptyState>
          ) : (
            <NoPrompts>{importButton}</NoPrompts>
          )
        }
      />
    </Page>
  );
}

/** Says that only one import's prompts are meant, and leads away from it. */
function OfImport({ importId }: { importId: number }) {
  return (
    <Text size="sm">
      Only those of{" "}
      <TextLink to="/prompts/imports/$importId" params={{ importId: String(importId) }}>
        import {importId}
      </TextLink>
      . <TextLink to="/prompts">All prompts</TextLink>
    </Text>
  );
}

/** Nothing is in the list though nothing was searched for: there is nothing, or all of it is archived. */
function NoPrompts({ children }: { children: ReactNode }) {
  const { data } = $api.useQuery("get", "/api/v1/prompts/count", { params: { query: { archived: true } } });
  if (data?.count)
    return (
      <EmptyState title="All prompts are archived">
        Choose among them, and bring back what you need.
        <LinkButton to="/prompts" search={{ archived: true }}>
          See {pluralize(data.count, "archived prompt")}
        </LinkButton>
        {children}
      </EmptyState>
    );
  return (
    <EmptyState title="There are no prompts yet">
      Import a JSONL or CSV file: you see what is in it before anything is kept.
      {children}
    </EmptyState>
  );
}
