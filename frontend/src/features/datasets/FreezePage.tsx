import { Button, Group, List, MultiSelect, NumberInput, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSnowflake } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { $api, api, invalidate, type Schemas } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { DATASET_KIND, options, PROMPT_KIND, SPLIT, USE_CASE } from "@/api/labels";
import { rowId } from "@/api/rowId";
import classes from "@/features/datasets/Datasets.module.css";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatNumber } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { Notice } from "@/ui/Notice";
import { Page, PageHeader, Section } from "@/ui/Page";
import { Stat, StatGroup } from "@/ui/Stat";

type Dataset = Schemas["Dataset"];
type Query = Schemas["AnyFiltersRequest"];

const FIELDS = [
  "query.project_ids",
  "query.labeler_ids",
  "query.use_cases",
  "query.submitted_from",
  "query.submitted_to",
  "query.min_active_seconds",
  "query.kinds",
  "query.languages",
];

export function FreezePage() {
  const id = rowId(useParams({ from: "/members/datasets/$datasetId/freeze" }).datasetId);
  const { data: dataset } = $api.useSuspenseQuery("get", "/api/v1/datasets/{dataset_id}", {
    params: { path: { dataset_id: id } },
  });
  const [query, setQuery] = useState<Query>({});
  return (
    <Page title={`Freeze ${dataset.name}`}>
      <PageHeader
        title={`Freeze a version of ${dataset.name}`}
        description={
          <>
            <TextLink to="/datasets/$datasetId" params={{ datasetId: String(id) }}>
              {dataset.name}
            </TextLink>{" "}
            · {DATASET_KIND[dataset.kind]} · only the newest revision of each answer counts
          </>
        }
      />
      <div className={classes.builder}>
        <Section title="What to take" description="Left empty, a filter takes everything.">
          <Filters dataset={dataset} query={query} onChange={(change) => setQuery({ ...query, ...change })} />
        </Section>
        <Preview dataset={dataset} query={query} />
      </div>
    </Page>
  );
}

type FiltersProps = { dataset: Dataset; query: Query; onChange: (change: Partial<Query>) => void };

function Filters({ dataset, query, onChange }: FiltersProps) {
  const projects = $api.useQuery("get", "/api/v1/projects", { params: { query: { page_size: 200 } } });
  const fitting = projects.data?.results.filter(
    ({ kind }) => dataset.kind === "prompts" || dataset.kind.startsWith(kind),
  );
  return (
    <Stack>
      <MultiSelect
        label={dataset.kind === "prompts" ? "Prompts of these projects" : "Projects"}
        placeholder={query.project_ids?.length ? "" : "All"}
        data={fitting?.map(({ id, name }) => ({ value: String(id), label: name })) ?? []}
        value={query.project_ids?.map(String) ?? []}
        onChange={(ids) => onChange({ project_ids: ids.map(Number) })}
      />
      <MultiSelect
        label="Use cases"
        placeholder={query.use_cases?.length ? "" : "All"}
        data={options(USE_CASE)}
        value={query.use_cases ?? []}
        onChange={(use_cases) => onChange({ use_cases: use_cases as NonNullable<Query["use_cases"]> })}
      />
      {dataset.kind === "prompts" ? (
        <PromptFilters query={query} onChange={onChange} />
      ) : (
        <LabelFilters query={query} onChange={onChange} />
      )}
    </Stack>
  );
}

function PromptFilters({ query, onChange }: Omit<FiltersProps, "dataset">) {
  const { data: facets } = $api.useQuery("get", "/api/v1/prompts/facets");
  return (
    <>
      <MultiSelect
        label="Kinds"
        placeholder={query.kinds?.length ? "" : "All"}
        data={options(PROMPT_KIND)}
        value={query.kinds ?? []}
        onChange={(kinds) => onChange({ kinds: kinds as NonNullable<Query["kinds"]> })}
      />
      <MultiSelect
        label="Languages"
        placeholder={query.languages?.length ? "" : "All"}
        data={
          facets?.language.filter(({ value }) => value).map(({ value, label }) => ({ value, label })) ?? []
        }
        value={query.languages ?? []}
        onChange={(languages) => onChange({ languages })}
      />
    </>
  );
}

/** A day as the person's clock has it, as the moment it begins. */
function dayStart(day: string): string | undefined {
  return day ? new Date(`${day}T00:00`).toISOString() : undefined;
}

function LabelFilters({ query, onChange }: Omit<FiltersProps, "dataset">) {
  const { data: users } = $api.useQuery("get", "/api/v1/users", { params: { query: { page_size: 200 } } });
  const [days, setDays] = useState({ from: "", to: "" });
  return (
    <>
      <MultiSelect
        label="Labelers"
        placeholder={query.labeler_ids?.length ? "" : "All"}
        searchable
        data={
          users?.results.map(({ id, name, email }) => ({ value: String(id), label: name || email })) ?? []
        }
        value={query.labeler_ids?.map(String) ?? []}
        onChange={(ids) => onChange({ labeler_ids: ids.map(Number) })}
      />
      <Group grow align="flex-start">
        <TextInput
          label="Submitted from"
          type="date"
          value={days.from}
          onChange={({ currentTarget: { value } }) => {
            setDays({ ...days, from: value });
            onChange({ submitted_from: dayStart(value) });
          }}
        />
        <TextInput
          label="Submitted before"
          type="date"
          value={days.to}
          onChange={({ currentTarget: { value } }) => {
            setDays({ ...days, to: value });
            onChange({ submitted_to: dayStart(value) });
          }}
        />
      </Group>
      <NumberInput
        label="Active for at least (seconds)"
        description="Answers given faster are left out."
        min={0}
        value={query.min_active_seconds ?? ""}
        onChange={(value) => onChange({ min_active_seconds: value === "" ? undefined : Number(value) })}
      />
    </>
  );
}

function Preview({ dataset, query }: { dataset: Dataset; query: Query }) {
  const navigate = useNavigate();
  const [asked] = useDebouncedValue(query, 300);
  const body = { kind: dataset.kind, query: asked };
  // A POST that writes nothing: the filters may be longer than an address.
  const preview = useQuery({
    queryKey: ["dataset-preview", body],
    queryFn: async ({ signal }) => (await api.POST("/api/v1/datasets/preview", { body, signal })).data,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const freeze = $api.useMutation("post", "/api/v1/datasets/{dataset_id}/versions", {
    onSuccess: async (version) => {
      await invalidate("/api/v1/datasets", "/api/v1/dataset-versions");
      await navigate({ to: "/datasets/versions/$versionId", params: { versionId: String(version.id) } });
    },
  });
  const error = freeze.error ?? preview.error;
  const messages = Object.values(fieldErrors(error, FIELDS));
  const counts = preview.data;
  const isEmpty = !counts?.rows || (dataset.kind === "comparisons" && !counts.pairs);
  return (
    <div className={classes.preview}>
      <Section title="What it would be now">
        <Stack aria-live="polite">
          <FieldErrors message={messages.join(" ")} />
          {counts && (
            <>
              <StatGroup>
                <Stat label="Rows" value={formatNumber(counts.rows)} />
                {dataset.kind === "comparisons" && (
                  <Stat label="Pairs" value={formatNumber(counts.pairs)} hint="ties give none" />
                )}
                {dataset.kind !== "prompts" && (
                  <Stat label="Labelers" value={formatNumber(counts.labelers)} />
                )}
              </StatGroup>
              <Group gap="lg">
                {(["train", "valid", "test"] as const).map((split) => (
                  <Text key={split} size="sm">
                    {SPLIT[split]} <b>{formatNumber(counts.split_counts[split])}</b>
                  </Text>
                ))}
              </Group>
              <Warnings warnings={counts.warnings} />
              {isEmpty && <Text c="dimmed">There is nothing to freeze with these filters.</Text>}
            </>
          )}
          <Group>
            <Button
              leftSection={<IconSnowflake size={16} aria-hidden />}
              disabled={isEmpty}
              loading={freeze.isPending}
              onClick={() => freeze.mutate({ params: { path: { dataset_id: dataset.id } }, body: { query } })}
            >
              Freeze
            </Button>
          </Group>
        </Stack>
      </Section>
    </div>
  );
}

function Warnings({ warnings }: { warnings: readonly string[] }) {
  if (!warnings.length) return null;
  return (
    <Notice tone="warn" title="Worth knowing">
      <List size="sm" spacing={4}>
        {warnings.map((warning) => (
          <List.Item key={warning}>{warning}</List.Item>
        ))}
      </List>
    </Notice>
  );
}
