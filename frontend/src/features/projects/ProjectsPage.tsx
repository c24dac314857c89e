import { SegmentedControl, Stack, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { keepPreviousData } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { $api, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { useEvents } from "@/api/events";
import { PROJECT_KIND, PROJECT_STATE } from "@/features/projects/words";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatNumber } from "@/ui/format";
import { LinkButton, TextLink } from "@/ui/links";
import { Page, PageHeader } from "@/ui/Page";
import { ProgressLine } from "@/ui/ProgressLine";
import { RelativeTime } from "@/ui/RelativeTime";
import { StatusBadge } from "@/ui/StatusBadge";

type Project = Schemas["Project"];

const COLUMNS: Column<Project>[] = [
  {
    key: "name",
    header: "Project",
    render: (project) => (
      <Stack gap={0} miw="13rem">
        <TextLink to="/projects/$projectId" params={{ projectId: String(project.id) }} fw={500}>
          {project.name}
        </TextLink>
        <Text size="xs" c="dimmed" lineClamp={1}>
          {project.description}
        </Text>
      </Stack>
    ),
  },
  {
    key: "kind",
    header: "Kind",
    render: (project) => (
      <Stack gap={0}>
        {PROJECT_KIND[project.kind]}
        <Text size="xs" c="dimmed">
          {project.kind !== "demonstration" && `K = ${project.responses_per_task}, `}
          {project.overlap} per task
        </Text>
      </Stack>
    ),
  },
  {
    key: "state",
    header: "State",
    render: ({ state }) => (
      <StatusBadge tone={PROJECT_STATE[state].tone}>{PROJECT_STATE[state].label}</StatusBadge>
    ),
  },
  {
    key: "progress",
    header: "Answers",
    width: "12rem",
    render: ({ name, assignment_counts: counts }) => (
      <div style={{ minWidth: "8rem" }}>
        <ProgressLine
          label={`Answers of ${name}`}
          done={counts.submitted}
          total={counts.open + counts.leased + counts.submitted}
        />
      </div>
    ),
  },
  {
    key: "members",
    header: "Members",
    align: "right",
    render: (project) => formatNumber(project.member_count ?? 0),
  },
  { key: "created", header: "Made", render: (project) => <RelativeTime at={project.created_at} /> },
];

const STATES = [
  { value: "all", label: "All" },
  { value: "active", label: "Active" },
  { value: "paused", label: "Paused" },
  { value: "archived", label: "Archived" },
];

export function ProjectsPage() {
  const search = useSearch({ from: "/members/projects" });
  const navigate = useNavigate({ from: "/projects" });
  const { page = 1, state } = search;
  const { data, error, isPending } = $api.useQuery(
    "get",
    "/api/v1/projects",
    { params: { query: { page, ...(state && { state: [state] }) } } },
    { placeholderData: keepPreviousData },
  );
  const ids = data?.results.map(({ id }) => id) ?? [];
  useEvents(
    ids.slice(0, 16).map((id) => `labeling:${id}`),
    [["get", "/api/v1/projects"]],
  );
  const create = (
    <LinkButton to="/projects/new" leftSection={<IconPlus size={16} aria-hidden />}>
      New project
    </LinkButton>
  );
  return (
    <Page title="Projects">
      <PageHeader
        title="Projects"
        description="Bodies of labeling work: who answers what, under which instructions."
        actions={create}
      />
      <div>
        <SegmentedControl
          size="xs"
          aria-label="State"
          data={STATES}
          value={state ?? "all"}
          onChange={(value) =>
            void navigate({ search: { state: value === "all" ? undefined : (value as typeof state) } })
          }
        />
      </div>
      {error && <FieldErrors message={errorMessage(error)} />}
      <DataTable
        label="Projects"
        columns={COLUMNS}
        rows={data?.results}
        rowKey={(project) => project.id}
        isLoading={isPending}
        count={data?.count}
        page={page}
        onPageChange={(next) => void navigate({ search: { ...search, page: next } })}
        empty={
          <EmptyState title={state ? "No project is in this state" : "There is no project yet"}>
            A project hands tasks to its members: demonstrations to write, or responses to rate and rank.
            {create}
          </EmptyState>
        }
      />
    </Page>
  );
}
