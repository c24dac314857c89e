import { $api, type Schemas } from "@/api/client";
import classes from "@/features/review/Review.module.css";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { pluralize } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { RelativeTime } from "@/ui/RelativeTime";
import { StatusBadge } from "@/ui/StatusBadge";

type Row = Schemas["ProjectThreadRow"];

const COLUMNS: Column<Row>[] = [
  {
    key: "project",
    header: "Project",
    render: (row) => (
      <TextLink
        to="/projects/$projectId"
        params={{ projectId: String(row.project_id) }}
        search={{ tab: "questions" }}
      >
        {row.project_name}
      </TextLink>
    ),
  },
  {
    key: "last",
    header: "Last message",
    render: (row) => (
      <span className={classes.excerpt} dir="auto">
        {row.last_message}
      </span>
    ),
  },
  {
    key: "state",
    header: "State",
    render: (row) =>
      row.open_count ? (
        <StatusBadge tone="warn">{pluralize(row.open_count, "question")} without an answer</StatusBadge>
      ) : (
        <StatusBadge tone="quiet">Answered</StatusBadge>
      ),
  },
  { key: "unread", header: "New to you", align: "right", render: (row) => row.unread || "–" },
  { key: "at", header: "When", render: (row) => <RelativeTime at={row.last_at} /> },
];

/** The threads that all members of a project read. */
export function ProjectThreads() {
  const { data, isPending } = $api.useQuery("get", "/api/v1/review/threads");
  return (
    <DataTable
      label="Project questions"
      columns={COLUMNS}
      rows={data}
      rowKey={(row) => row.project_id}
      isLoading={isPending}
      empty={
        <EmptyState title="Nobody has asked">
          Questions that labelers put to everybody in a project come here.
        </EmptyState>
      }
    />
  );
}
