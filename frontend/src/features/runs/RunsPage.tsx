import { Checkbox, Group, Select, Stack, Text } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { keepPreviousData } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { $api } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { useEvents } from "@/api/events";
import { options, RUN_KIND, RUN_STATE, spaced } from "@/api/labels";
import { hasRole, useMe } from "@/api/session";
import { RunOutput } from "@/features/runs/RunOutput";
import { RunState } from "@/features/runs/RunState";
import { isLive, type Run } from "@/features/runs/runQueries";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatDuration } from "@/ui/format";
import { LinkButton, TextLink } from "@/ui/links";
import { Page, PageHeader } from "@/ui/Page";
import { ProgressLine } from "@/ui/ProgressLine";
import { RelativeTime } from "@/ui/RelativeTime";

const COLUMNS: Column<Run>[] = [
  {
    key: "name",
    header: "Run",
    render: (run) => (
      <Stack gap={0} miw="14rem">
        <TextLink to="/runs/$runId" params={{ runId: String(run.id) }} fw={500}>
          {run.name}
        </TextLink>
        <Text size="xs" c="dimmed">
          {RUN_KIND[run.kind]}
        </Text>
      </Stack>
    ),
  },
  { key: "state", header: "State", render: (run) => <RunState run={run} /> },
  {
    key: "progress",
    header: "Progress",
    width: "13rem",
    render: (run) => (
      <Stack gap={2} miw="9rem">
        <ProgressLine
          label={`Progress of ${run.name}`}
          done={run.step}
          total={run.total_steps}
          isQuiet={!isLive(run)}
        />
        {isLive(run) && (
          <Text size="xs" c="dimmed">
            {spaced(run.phase)}
          </Text>
        )}
      </Stack>
    ),
  },
  {
    key: "time",
    header: "Ran for",
    align: "right",
    render: (run) => (
      <span style={{ whiteSpace: "nowrap" }}>
        {formatDuration(run.running_seconds)}
        {run.gpu_hours > 0 && ` · ${formatDuration(run.gpu_hours * 3600)} of GPU time`}
      </span>
    ),
  },
  { key: "output", header: "Made", render: (run) => <RunOutput run={run} /> },
  { key: "created", header: "Launched", render: (run) => <RelativeTime at={run.created_at} /> },
];

export function RunsPage() {
  const search = useSearch({ from: "/members/runs" });
  const navigate = useNavigate({ from: "/runs" });
  const isAdmin = hasRole(useMe(), "admin");
  const [chosen, setChosen] = useState<number[]>([]);
  const { page = 1, ...filters } = search;
  const { data, error, isPending } = $api.useQuery(
    "get",
    "/api/v1/runs",
    { params: { query: { ...filters, page } } },
    { placeholderData: keepPreviousData },
  );
  useEvents(["runs"], [["get", "/api/v1/runs"]]);
  const toggle = (id: number) =>
    setChosen((before) =>
      before.includes(id) ? before.filter((other) => other !== id) : [...before, id].slice(-2),
    );
  const choose: Column<Run> = {
    key: "choose",
    header: "Compare",
    width: "4.5rem",
    render: (run) => (
      <Checkbox
        aria-label={`Compare ${run.name}`}
        checked={chosen.includes(run.id)}
        onChange={() => toggle(run.id)}
      />
    ),
  };
  const [a, b] = chosen;
  const launch = isAdmin && (
    <LinkButton to="/runs/new" leftSection={<IconPlayerPlay size={16} aria-hidden />}>
      Launch a run
    </LinkButton>
  );
  const isFiltered = Boolean(filters.kind || filters.state);
  return (
    <Page title="Runs">
      <PageHeader
        title="Runs"
        description="Sampling and training: each run reads frozen data and leaves a checkpoint or responses."
        actions={
          <>
            {a !== undefined && b !== undefined && (
              <LinkButton to="/runs/compare" search={{ a, b }} variant="default">
                Compare the two
              </LinkButton>
            )}
            {launch}
          </>
        }
      />
      <Group gap="sm">
        <Select
          aria-label="Kind"
          placeholder="All kinds"
          clearable
          w="13rem"
          data={options(RUN_KIND)}
          value={filters.kind ?? null}
          onChange={(kind) => void navigate({ search: { ...filters, kind: kind ?? undefined } })}
        />
        <Select
          aria-label="State"
          placeholder="All states"
          clearable
          w="10rem"
          data={options(RUN_STATE)}
          value={filters.state ?? null}
          onChange={(state) => void navigate({ search: { ...filters, state: state ?? undefined } })}
        />
      </Group>
      {error && <FieldErrors message={errorMessage(error)} />}
      <DataTable
        label="Runs"
        columns={[choose, ...COLUMNS]}
        rows={data?.results}
        rowKey={(run) => run.id}
        isLoading={isPending}
        count={data?.count}
        page={page}
        onPageChange={(next) => void navigate({ search: { ...filters, page: next } })}
        empty={
          <EmptyState title={isFiltered ? "No run of this kind and state" : "Nothing has run yet"}>
            {isFiltered
              ? "Clear the filters to see the others."
              : "Start with samples of a model, so that there is something to rank; then train on what people said."}
            {!isFiltered && launch}
          </EmptyState>
        }
      />
    </Page>
  );
}
