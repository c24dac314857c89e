import { Select, Text } from "@mantine/core";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { membersOf, useChoice } from "@/api/choice";
import { $api, type Schemas } from "@/api/client";
import { ERASED_PROMPT } from "@/api/labels";
import classes from "@/features/projects/Projects.module.css";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { formatClock } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";

type Submission = Schemas["Submission"];

const COLUMNS: Column<Submission>[] = [
  {
    key: "prompt",
    header: "Prompt",
    render: (row) => (
      <TextLink
        to="/submissions/$submissionId"
        params={{ submissionId: String(row.id) }}
        className={classes.excerpt}
        dir="auto"
      >
        {row.prompt.text || ERASED_PROMPT}
      </TextLink>
    ),
  },
  { key: "labeler", header: "Labeler", render: (row) => row.labeler.name || row.labeler.email },
  {
    key: "revision",
    header: "Revision",
    render: (row) => (
      <>
        {row.revision}
        {!row.is_latest && (
          <Text span size="xs" c="dimmed">
            {" "}
            replaced
          </Text>
        )}
      </>
    ),
  },
  { key: "active", header: "Active", align: "right", render: (row) => formatClock(row.active_seconds) },
  { key: "at", header: "When", render: (row) => <RelativeTime at={row.created_at} /> },
];

export function SubmissionsTab({ project }: { project: Schemas["Project"] }) {
  const [page, setPage] = useState(1);
  const [labeler, setLabeler] = useState<string | null>(null);
  const labelers = useChoice(membersOf(project.id), { chosen: labeler });
  const { data, isPending } = $api.useQuery(
    "get",
    "/api/v1/submissions",
    {
      params: {
        query: { project: project.id, page, page_size: 25, ...(labeler && { labeler: Number(labeler) }) },
      },
    },
    { placeholderData: keepPreviousData },
  );
  return (
    <Section
      title="Submissions"
      description="Who said what. An edit is a further revision; nothing is ever changed or lost."
      actions={
        <Select
          {...labelers.select}
          aria-label="Labeler"
          placeholder="All labelers"
          clearable
          size="xs"
          value={labeler}
          onChange={(value) => {
            setLabeler(value);
            setPage(1);
          }}
        />
      }
    >
      <DataTable
        label="Submissions"
        columns={COLUMNS}
        rows={data?.results}
        rowKey={(row) => row.id}
        isLoading={isPending}
        count={data?.count}
        page={page}
        pageSize={25}
        onPageChange={setPage}
        empty={
          <EmptyState title="Nobody has answered yet">
            Answers stand here as soon as they are given.
          </EmptyState>
        }
      />
    </Section>
  );
}
