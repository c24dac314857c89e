import { Button } from "@mantine/core";
import { keepPreviousData } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { $api, type Schemas } from "@/api/client";
import { ERASED_PROMPT, spaced } from "@/api/labels";
import classes from "@/features/projects/Projects.module.css";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { TextLink } from "@/ui/links";
import { Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";

type Row = Schemas["QueueRow"];

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
  { key: "why", header: "Why", render: (row) => row.reasons.map(spaced).join(", ") || "–" },
  { key: "skips", header: "Open skips", align: "right", render: (row) => row.open_skips || "–" },
  { key: "flags", header: "Open flags", align: "right", render: (row) => row.open_flags || "–" },
  { key: "questions", header: "Open questions", align: "right", render: (row) => row.open_questions || "–" },
  { key: "newest", header: "Newest", render: (row) => <RelativeTime at={row.newest_at} /> },
];

/** The project's part of the review queue, with what is settled in it too. */
export function ReviewTab({ project }: { project: Schemas["Project"] }) {
  const [page, setPage] = useState(1);
  const { data, isPending } = $api.useQuery(
    "get",
    "/api/v1/review",
    { params: { query: { project: project.id, state: "all", page, page_size: 25 } } },
    { placeholderData: keepPreviousData },
  );
  return (
    <Section
      title="Review"
      description="Tasks that somebody skipped, flagged or asked about, the settled ones among them."
      actions={
        <Button
          variant="default"
          renderRoot={(props) => <Link to="/review" search={{ project: project.id }} {...props} />}
        >
          Open in the review queue
        </Button>
      }
    >
      <DataTable
        label="Review"
        columns={COLUMNS}
        rows={data?.results}
        rowKey={(row) => row.task_id}
        isLoading={isPending}
        count={data?.count ?? 0}
        page={page}
        pageSize={25}
        onPageChange={setPage}
        empty={
          <EmptyState title="Nobody has skipped, flagged or asked">
            A skip comes with its reason, a flag with what is wrong.
          </EmptyState>
        }
      />
    </Section>
  );
}
