import { Select, Stack, Text } from "@mantine/core";
import { keepPreviousData } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useChoice, VERSIONS } from "@/api/choice";
import { $api, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { ERASED_PROMPT } from "@/api/labels";
import { rowId } from "@/api/rowId";
import classes from "@/features/datasets/Datasets.module.css";
import { filterSummary } from "@/features/datasets/query";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatNumber } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { Page, PageHeader, Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { Stat, StatGroup } from "@/ui/Stat";

type Comparison = Schemas["Comparison"];
type Reason = Comparison["came"][number];
type Row = Schemas["ChangedRow"];
type Side = "came" | "went";

/** What a version has that another has not, and the reverse, with the reasons. */
export function ComparePage() {
  const id = rowId(useParams({ from: "/members/datasets/versions/$versionId/compare" }).versionId);
  const { against } = useSearch({ from: "/members/datasets/versions/$versionId/compare" });
  const navigate = useNavigate({ from: "/datasets/versions/$versionId/compare" });
  const { data: version } = $api.useSuspenseQuery("get", "/api/v1/dataset-versions/{version_id}", {
    params: { path: { version_id: id } },
  });
  const { dataset, number } = version;
  const earlier = $api.useQuery("get", "/api/v1/dataset-versions", {
    params: { query: { dataset: dataset.id, before: number, state: "ready", page_size: 1 } },
  });
  // A first version has nothing before it; another dataset's is compared with only when somebody chooses it.
  const chosen = against ?? earlier.data?.results[0]?.id;
  const others = useChoice(VERSIONS, {
    chosen: chosen ? String(chosen) : null,
    query: { kind: [dataset.kind], state: "ready" },
    without: [id],
  });
  const name = `${dataset.name} v${number}`;
  return (
    <Page title={`Changes of ${name}`}>
      <PageHeader
        title={`What changed in ${name}`}
        description={
          <>
            <TextLink to="/datasets/versions/$versionId" params={{ versionId: String(id) }}>
              {name}
            </TextLink>{" "}
            beside another version: what came, what went, and why
          </>
        }
        actions={
          <Select
            {...others.select}
            aria-label="Compare with"
            placeholder="Compare with"
            allowDeselect={false}
            value={chosen ? String(chosen) : null}
            onChange={(value) => void navigate({ search: { against: Number(value) } })}
          />
        }
      />
      {chosen ? (
        <Changes key={chosen} versionId={id} against={chosen} />
      ) : (
        !earlier.isPending && (
          <EmptyState title={`${name} is the first version of its dataset`}>
            {others.rows.length > 0
              ? "Nothing came before it. Choose a version above to see how it differs from that."
              : "Nothing came before it. Freeze another version of this kind, and compare it here."}
          </EmptyState>
        )
      )}
    </Page>
  );
}

function Changes({ versionId, against }: { versionId: number; against: number }) {
  const { data, error } = $api.useQuery("get", "/api/v1/dataset-versions/{version_id}/comparison", {
    params: { path: { version_id: versionId }, query: { against } },
  });
  if (error) return <FieldErrors message={errorMessage(error)} />;
  if (!data) return null;
  return (
    <Stack gap="lg">
      <StatGroup>
        <Stat label="The same" value={formatNumber(data.same)} />
        <Stat label="Came" value={formatNumber(sum(data.came))} hint={`not in ${data.against.name}`} />
        <Stat label="Went" value={formatNumber(sum(data.went))} hint={`no longer in ${data.version.name}`} />
      </StatGroup>
      {data.query_changes.map(({ filter, before, after }) => (
        <Text key={filter} size="sm" className={classes.change}>
          Filter changed: {before === null ? "none" : filterSummary({ [filter]: before }, data.query_names)} →{" "}
          {after === null ? "none" : filterSummary({ [filter]: after }, data.query_names)}
        </Text>
      ))}
      <SideOfChange
        side="came"
        title="What came"
        reasons={data.came}
        versionId={versionId}
        against={against}
      />
      <SideOfChange
        side="went"
        title="What went"
        reasons={data.went}
        versionId={versionId}
        against={against}
      />
    </Stack>
  );
}

function sum(reasons: readonly Reason[]): number {
  return reasons.reduce((total, { count }) => total + count, 0);
}

type SideProps = {
  side: Side;
  title: string;
  reasons: readonly Reason[];
  versionId: number;
  against: number;
};

function SideOfChange({ side, title, reasons, versionId, against }: SideProps) {
  if (!reasons.length) return null;
  const labels = new Map(reasons.map(({ code, label }) => [code, label]));
  return (
    <Section title={title}>
      <ul className={classes.reasons}>
        {reasons.map(({ code, label, count }) => (
          <li key={code}>
            <b>{formatNumber(count)}</b> {label}
          </li>
        ))}
      </ul>
      <ChangedRows side={side} label={title} labels={labels} versionId={versionId} against={against} />
    </Section>
  );
}

type ChangedRowsProps = {
  side: Side;
  label: string;
  labels: ReadonlyMap<string, string>;
  versionId: number;
  against: number;
};

function ChangedRows({ side, label, labels, versionId, against }: ChangedRowsProps) {
  const [page, setPage] = useState(1);
  const { data, isPending } = $api.useQuery(
    "get",
    "/api/v1/dataset-versions/{version_id}/changes",
    { params: { path: { version_id: versionId }, query: { against, side, page, page_size: 20 } } },
    { placeholderData: keepPreviousData },
  );
  const columns: Column<Row>[] = [
    {
      key: "prompt",
      header: "Prompt",
      render: (row) => (
        <TextLink
          to="/prompts/$promptId"
          params={{ promptId: String(row.prompt_id) }}
          className={classes.excerpt}
          dir="auto"
        >
          {row.text || ERASED_PROMPT}
        </TextLink>
      ),
    },
    {
      key: "labeler",
      header: "Said by",
      render: ({ submission_id, labeler }) =>
        submission_id === null ? (
          "–"
        ) : (
          <TextLink to="/submissions/$submissionId" params={{ submissionId: String(submission_id) }}>
            <span className={classes.word}>{labeler}</span>
          </TextLink>
        ),
    },
    { key: "why", header: "Why", render: ({ reason }) => labels.get(reason) ?? reason },
    { key: "at", header: "When", render: ({ created_at }) => <RelativeTime at={created_at} /> },
  ];
  return (
    <DataTable
      label={label}
      columns={columns}
      rows={data?.results}
      rowKey={(row) => row.submission_id ?? row.prompt_id}
      isLoading={isPending}
      count={data?.count}
      page={page}
      pageSize={20}
      onPageChange={setPage}
    />
  );
}
