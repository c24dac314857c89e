import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { $api, type Schemas } from "@/api/client";
import { spaced } from "@/api/labels";
import classes from "@/features/projects/Projects.module.css";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";

type Skip = Schemas["Skip"];

const COLUMNS: Column<Skip>[] = [
  {
    key: "prompt",
    header: "Prompt",
    render: (skip) => (
      <span className={classes.excerpt} dir="auto">
        {skip.prompt_text}
      </span>
    ),
  },
  { key: "labeler", header: "Labeler", render: (skip) => skip.labeler.name || skip.labeler.email },
  { key: "reason", header: "Reason", render: (skip) => spaced(skip.reason) },
  { key: "note", header: "Note", render: (skip) => skip.note || "–" },
  { key: "at", header: "When", render: (skip) => <RelativeTime at={skip.created_at} /> },
];

export function SkipsTab({ project }: { project: Schemas["Project"] }) {
  const [page, setPage] = useState(1);
  const { data, isPending } = $api.useQuery(
    "get",
    "/api/v1/skips",
    { params: { query: { project: project.id, page, page_size: 25 } } },
    { placeholderData: keepPreviousData },
  );
  return (
    <Section title="Skips" description="Tasks that somebody would not answer; they went on to others.">
      <DataTable
        label="Skips"
        columns={COLUMNS}
        rows={data?.results}
        rowKey={(skip) => skip.id}
        isLoading={isPending}
        count={data?.count}
        page={page}
        pageSize={25}
        onPageChange={setPage}
        empty={<EmptyState title="Nobody has skipped a task">A skip comes with its reason.</EmptyState>}
      />
    </Section>
  );
}
