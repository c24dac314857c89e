import { Select, Tabs } from "@mantine/core";
import { keepPreviousData } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { PROJECTS, useChoice } from "@/api/choice";
import { $api, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { useEvents } from "@/api/events";
import { ERASED_PROMPT, options } from "@/api/labels";
import { ProjectThreads } from "@/features/review/ProjectThreads";
import classes from "@/features/review/Review.module.css";
import { ACTION, KIND, REASON } from "@/features/review/words";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { FieldErrors } from "@/ui/FieldErrors";
import { pluralize } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { Page, PageHeader } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { StatusBadge } from "@/ui/StatusBadge";

type Row = Schemas["QueueRow"];

const PAGE_SIZE = 25;

const COLUMNS: Column<Row>[] = [
  {
    key: "prompt",
    header: "Prompt",
    render: (row) => (
      <TextLink to="/review/$taskId" params={{ taskId: String(row.task_id) }}>
        <span className={classes.excerpt} dir="auto">
          {row.prompt_text || ERASED_PROMPT}
        </span>
      </TextLink>
    ),
  },
  { key: "project", header: "Project", render: (row) => row.project.name },
  { key: "open", header: "Open", render: openWords },
  {
    key: "why",
    header: "Why",
    render: (row) => row.reasons.map((reason) => REASON[reason as keyof typeof REASON]).join(", ") || "–",
  },
  { key: "newest", header: "Newest", render: (row) => <RelativeTime at={row.newest_at} /> },
  { key: "state", header: "State", render: (row) => <State row={row} /> },
];

function openWords({ open_skips, open_flags, open_questions }: Row): string {
  const words = [
    open_skips && pluralize(open_skips, "skip"),
    open_flags && pluralize(open_flags, "flag"),
    open_questions && pluralize(open_questions, "question"),
  ];
  return words.filter(Boolean).join(", ") || "–";
}

function State({ row }: { row: Row }) {
  if (row.open_skips + row.open_flags + row.open_questions > 0)
    return <StatusBadge tone="warn">{row.last_action ? "Open again" : "Open"}</StatusBadge>;
  if (!row.last_action) return <StatusBadge tone="quiet">Settled</StatusBadge>;
  const { done, tone } = ACTION[row.last_action];
  return <StatusBadge tone={tone}>{done}</StatusBadge>;
}

/** Everything that labelers skipped, flagged and asked, and that waits for a researcher. */
export function ReviewPage() {
  const { tab = "tasks" } = useSearch({ from: "/members/review" });
  const navigate = useNavigate({ from: "/review" });
  const { data: counts } = $api.useQuery("get", "/api/v1/review/counts");
  useEvents(
    ["review"],
    [
      ["get", "/api/v1/review"],
      ["get", "/api/v1/review/counts"],
      ["get", "/api/v1/review/threads"],
    ],
  );
  return (
    <Page title="Review">
      <PageHeader
        title="Review"
        description="What labelers skipped, flagged and asked: answer it, correct or replace the prompt, or withdraw the task."
      />
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(value) => void navigate({ search: value === "projects" ? { tab: "projects" } : {} })}
      >
        <Tabs.List>
          <Tabs.Tab value="tasks">Tasks{counts?.tasks ? ` (${counts.tasks})` : ""}</Tabs.Tab>
          <Tabs.Tab value="projects">
            Project questions{counts?.projects ? ` (${counts.projects})` : ""}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="tasks" pt="md">
          <Queue />
        </Tabs.Panel>
        <Tabs.Panel value="projects" pt="md">
          <ProjectThreads />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Queue() {
  const {
    state = "open",
    ordering = "newest",
    page = 1,
    ...filters
  } = useSearch({ from: "/members/review" });
  const navigate = useNavigate({ from: "/review" });
  const { tab: _tab, ...chosen } = filters;
  const { data, error, isPending } = $api.useQuery(
    "get",
    "/api/v1/review",
    { params: { query: { ...chosen, state, ordering, page, page_size: PAGE_SIZE } } },
    { placeholderData: keepPreviousData },
  );
  return (
    <>
      <Filters />
      {error && <FieldErrors message={errorMessage(error)} />}
      <DataTable
        label="Review queue"
        columns={COLUMNS}
        rows={data?.results}
        rowKey={(row) => row.task_id}
        isLoading={isPending}
        count={data?.count ?? 0}
        page={page}
        pageSize={PAGE_SIZE}
        onPageChange={(next) => void navigate({ search: (before) => ({ ...before, page: next }) })}
        empty={
          <EmptyState title={state === "open" ? "Nothing waits" : "Nothing here"}>
            What labelers skip, flag or ask about comes here at once.
          </EmptyState>
        }
      />
    </>
  );
}

function Filters() {
  const search = useSearch({ from: "/members/review" });
  const navigate = useNavigate({ from: "/review" });
  const project = search.project ? String(search.project) : null;
  const projects = useChoice(PROJECTS, { chosen: project });
  const choose = (name: string) => (value: string | null) =>
    void navigate({
      search: ({ page: _page, ...before }) => ({
        ...before,
        [name]: value && name === "project" ? Number(value) : (value ?? undefined),
      }),
    });
  return (
    <div className={classes.filters}>
      <Select
        label="State"
        allowDeselect={false}
        data={[
          { value: "open", label: "Open" },
          { value: "decided", label: "Decided" },
          { value: "all", label: "All" },
        ]}
        value={search.state ?? "open"}
        onChange={choose("state")}
      />
      <Select
        label="Project"
        placeholder="All"
        clearable
        {...projects.select}
        value={project}
        onChange={choose("project")}
      />
      <Select
        label="Kind"
        placeholder="All"
        clearable
        data={options(KIND)}
        value={search.kind ?? null}
        onChange={choose("kind")}
      />
      <Select
        label="Reason"
        placeholder="All"
        clearable
        data={options(REASON)}
        value={search.reason ?? null}
        onChange={choose("reason")}
      />
      <Select
        label="Order"
        allowDeselect={false}
        data={[
          { value: "newest", label: "Newest first" },
          { value: "most", label: "Most reports first" },
        ]}
        value={search.ordering ?? "newest"}
        onChange={choose("ordering")}
      />
    </div>
  );
}
