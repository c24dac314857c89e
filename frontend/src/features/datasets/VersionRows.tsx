import { Select } from "@mantine/core";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { $api, type Schemas } from "@/api/client";
import { ERASED_PROMPT, options, SPLIT } from "@/api/labels";
import classes from "@/features/datasets/Datasets.module.css";
import { type Column, DataTable } from "@/ui/DataTable";
import { TextLink } from "@/ui/links";
import { Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { SourceName } from "@/ui/SourceName";

type Row = Schemas["DatasetRow"];
type Split = Row["split"];

const COLUMNS: Column<Row>[] = [
  { key: "split", header: "Split", render: (row) => SPLIT[row.split] },
  { key: "number", header: "Line", align: "right", render: (row) => row.number + 1 },
  {
    key: "prompt",
    header: "Prompt",
    render: (row) => (
      <TextLink
        to="/prompts/$promptId"
        params={{ promptId: String(row.prompt.id) }}
        className={classes.excerpt}
        dir="auto"
      >
        {row.prompt.text || ERASED_PROMPT}
      </TextLink>
    ),
  },
  {
    key: "submission",
    header: "Said by",
    render: ({ submission }) =>
      submission ? (
        <TextLink to="/submissions/$submissionId" params={{ submissionId: String(submission.id) }}>
          <span className={classes.word}>{submission.labeler}</span>
        </TextLink>
      ) : (
        "–"
      ),
  },
  {
    key: "project",
    header: "In",
    render: ({ submission }) =>
      submission && (
        <TextLink to="/projects/$projectId" params={{ projectId: String(submission.project.id) }}>
          {submission.project.name}
        </TextLink>
      ),
  },
  {
    key: "instructions",
    header: "Instructions",
    render: ({ submission }) =>
      submission && (
        <TextLink
          to="/projects/$projectId"
          params={{ projectId: String(submission.project.id) }}
          search={{ tab: "instructions" }}
        >
          v{submission.instruction_version.number}
        </TextLink>
      ),
  },
  {
    key: "checkpoint",
    header: "Responses of",
    render: ({ submission }) =>
      submission?.batch && <SourceName checkpoint={submission.checkpoint} endpoint={submission.endpoint} />,
  },
  {
    key: "at",
    header: "When",
    render: ({ submission }) => submission && <RelativeTime at={submission.created_at} />,
  },
];

/** The way from a line of a file back to who said it. */
export function VersionRows({ version }: { version: Schemas["DatasetVersion"] }) {
  const [split, setSplit] = useState<Split | null>(null);
  const [page, setPage] = useState(1);
  const { data, isPending } = $api.useQuery(
    "get",
    "/api/v1/dataset-versions/{version_id}/rows",
    {
      params: { path: { version_id: version.id }, query: { split: split ?? undefined, page, page_size: 20 } },
    },
    { placeholderData: keepPreviousData },
  );
  return (
    <Section
      title="Where each line comes from"
      actions={
        <Select
          aria-label="Split"
          placeholder="All splits"
          clearable
          size="xs"
          w="9rem"
          data={options(SPLIT)}
          value={split}
          onChange={(value) => {
            setSplit(value as Split | null);
            setPage(1);
          }}
        />
      }
    >
      <DataTable
        label="Lines"
        columns={COLUMNS}
        rows={data?.results}
        rowKey={(row) => `${row.split} ${row.number} ${row.submission?.id}`}
        isLoading={isPending}
        count={data?.count}
        page={page}
        pageSize={20}
        onPageChange={setPage}
      />
    </Section>
  );
}
