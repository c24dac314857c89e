import { Group, Modal, Select, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { useDebouncedCallback, useDisclosure } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { $api, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { submitterLabel } from "@/api/labels";
import classes from "@/features/prompts/Prompts.module.css";
import { RecordConsent } from "@/features/prompts/RecordConsent";
import { WithdrawConsent } from "@/features/prompts/WithdrawConsent";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatNumber } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { Page, PageHeader } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { StatusBadge } from "@/ui/StatusBadge";

type Standing = Schemas["StandingConsent"];
type Entry = Schemas["Consent"];

const STATE = {
  given: { label: "Given", tone: "good" },
  withdrawn: { label: "Withdrawn", tone: "quiet" },
} as const;

const COLUMNS: Column<Standing>[] = [
  {
    key: "submitter",
    header: "Submitter",
    width: "9rem",
    render: (consent) => <History consent={consent} />,
  },
  { key: "model", header: "Model", render: ({ model }) => <span className={classes.word}>{model}</span> },
  {
    key: "state",
    header: "Consent",
    width: "9rem",
    render: ({ action, occurred_at }) => (
      <>
        <StatusBadge tone={STATE[action].tone}>{STATE[action].label}</StatusBadge>{" "}
        <Text span size="sm">
          <RelativeTime at={occurred_at} />
        </Text>
      </>
    ),
  },
  {
    key: "way",
    header: "How",
    width: "9rem",
    render: ({ way, wording_version, recorded_by }) => (
      <Stack gap={0}>
        <span>{way || "–"}</span>
        <Text size="xs" c="dimmed">
          {wording_version && `wording ${wording_version} · `}recorded by {recorded_by}
        </Text>
      </Stack>
    ),
  },
  {
    key: "prompts",
    header: "Prompts in use",
    align: "right",
    render: ({ used_count, sent_count }) => `${formatNumber(used_count)} of ${formatNumber(sent_count)}`,
  },
  {
    key: "withdraw",
    header: "",
    align: "right",
    render: (consent) => consent.action === "given" && <WithdrawConsent consent={consent} />,
  },
];

/** Who consented to the use of what they send to which model, how, and who does no longer. */
export function ConsentsPage() {
  const { page = 1, ...filters } = useSearch({ from: "/members/prompts/consents" });
  const navigate = useNavigate({ from: "/prompts/consents" });
  const { data, error, isPending } = $api.useQuery(
    "get",
    "/api/v1/consents/standing",
    { params: { query: { ...filters, page } } },
    { placeholderData: keepPreviousData },
  );
  const [typed, setTyped] = useState(filters.search ?? "");
  const set = (change: typeof filters) => void navigate({ search: { ...filters, ...change } });
  const search = useDebouncedCallback((words: string) => set({ search: words || undefined }), 300);
  return (
    <Page title="Consents">
      <PageHeader
        title="Consents"
        description={
          <>
            <TextLink to="/prompts">Prompts</TextLink> · What customers send to a model is kept with their
            consent alone. The record is only ever added to; its latest entry holds.
          </>
        }
        actions={<RecordConsent />}
      />
      <Group gap="sm">
        <TextInput
          aria-label="Submitter"
          placeholder="How the submitter’s key begins"
          type="search"
          flex="1 1 16rem"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={typed}
          onChange={({ currentTarget }) => {
            setTyped(currentTarget.value);
            search(currentTarget.value);
          }}
        />
        <Select
          aria-label="Consent"
          placeholder="Given and withdrawn"
          clearable
          data={Object.entries(STATE).map(([value, { label }]) => ({ value, label }))}
          value={filters.action ?? null}
          onChange={(action) => set({ action: (action ?? undefined) as typeof filters.action })}
        />
      </Group>
      {error && <FieldErrors message={errorMessage(error)} />}
      {data?.count_is_capped && (
        <Text size="sm" c="dimmed">
          The first {formatNumber(data.count)} are shown; search for the others.
        </Text>
      )}
      <DataTable
        label="Consents"
        columns={COLUMNS}
        rows={data?.results}
        rowKey={({ id }) => id}
        isLoading={isPending}
        count={data?.count}
        page={page}
        onPageChange={(next) => void navigate({ search: { ...filters, page: next } })}
        empty={
          filters.search || filters.action ? (
            <EmptyState title="No consent matches">Try the first letters of the submitter’s key.</EmptyState>
          ) : (
            <EmptyState title="Nobody has consented yet">
              Record it here, or have the product that asks your customers do it over the API.
            </EmptyState>
          )
        }
      />
    </Page>
  );
}

/** The submitter's name, and behind it all that they ever said about this model. */
function History({ consent: { submitter, model } }: { consent: Standing }) {
  const [isOpen, dialog] = useDisclosure(false);
  return (
    <>
      <UnstyledButton
        c="var(--mantine-color-anchor)"
        className={classes.word}
        aria-label={`Record of ${submitterLabel(submitter)} for ${model}`}
        onClick={dialog.open}
      >
        {submitterLabel(submitter)}
      </UnstyledButton>
      <Modal
        opened={isOpen}
        onClose={dialog.close}
        size="lg"
        title={`${submitterLabel(submitter)}, ${model}`}
      >
        <Entries submitter={submitter} model={model} />
      </Modal>
    </>
  );
}

function Entries({ submitter, model }: { submitter: string; model: string }) {
  const { data } = $api.useQuery("get", "/api/v1/consents", { params: { query: { submitter, model } } });
  return (
    <Stack gap="sm">
      {data?.results.map((entry) => (
        <EntryOf key={entry.id} entry={entry} />
      ))}
    </Stack>
  );
}

function EntryOf({ entry }: { entry: Entry }) {
  return (
    <article className={classes.alike}>
      <Group gap="xs">
        <StatusBadge tone={STATE[entry.action].tone}>{STATE[entry.action].label}</StatusBadge>
        <Text size="sm">
          <RelativeTime at={entry.occurred_at} />
          {entry.way && `, ${entry.way}`}
        </Text>
      </Group>
      {entry.wording && (
        <Text mt="xs" dir="auto" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
          {entry.wording}
        </Text>
      )}
      <Text size="xs" c="dimmed" mt={4}>
        {entry.wording_version && `Wording ${entry.wording_version} · `}recorded by {entry.recorded_by},{" "}
        <RelativeTime at={entry.created_at ?? entry.occurred_at} />
      </Text>
    </article>
  );
}
