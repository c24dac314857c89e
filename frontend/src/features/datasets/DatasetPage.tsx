import { Box } from "@mantine/core";
import { keepPreviousData } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { $api, api, invalidate, type Schemas } from "@/api/client";
import { useEvents } from "@/api/events";
import { DATASET_KIND } from "@/api/labels";
import { rowId } from "@/api/rowId";
import { filterSummary } from "@/features/datasets/query";
import { VERSION_STATE } from "@/features/datasets/versionState";
import { ActButton } from "@/ui/ActButton";
import { ConfirmButton } from "@/ui/ConfirmButton";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { formatNumber } from "@/ui/format";
import { LinkButton, TextLink } from "@/ui/links";
import { Page, PageHeader } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { StatusBadge } from "@/ui/StatusBadge";

const PAGE_SIZE = 25;

type Dataset = Schemas["Dataset"];
type Version = Schemas["DatasetVersion"];

const COLUMNS: Column<Version>[] = [
  {
    key: "number",
    header: "Version",
    render: (version) => (
      <TextLink to="/datasets/versions/$versionId" params={{ versionId: String(version.id) }} fw={500}>
        v{version.number}
      </TextLink>
    ),
  },
  {
    key: "state",
    header: "State",
    render: ({ state }) => (
      <StatusBadge tone={VERSION_STATE[state].tone}>{VERSION_STATE[state].label}</StatusBadge>
    ),
  },
  {
    key: "rows",
    header: "Rows",
    align: "right",
    render: (version) => (version.rows_total === null ? "–" : formatNumber(version.rows_total)),
  },
  {
    key: "pairs",
    header: "Pairs",
    align: "right",
    render: (version) => (version.pair_count ? formatNumber(version.pair_count) : "–"),
  },
  {
    key: "query",
    header: "Takes",
    // Wide enough to be read on a phone, and as wide as there is room for.
    render: (version) => <Box miw="14rem">{filterSummary(version.query, version.query_names)}</Box>,
  },
  { key: "by", header: "By", render: (version) => version.created_by || "–" },
  {
    key: "at",
    header: "Frozen",
    render: (version) => <RelativeTime at={version.frozen_at ?? version.created_at} />,
  },
];

async function archive(dataset: Dataset, archived: boolean): Promise<void> {
  await api.PATCH("/api/v1/datasets/{dataset_id}", {
    params: { path: { dataset_id: dataset.id } },
    body: { archived },
  });
  await invalidate("/api/v1/datasets", "/api/v1/datasets/{dataset_id}");
}

export function DatasetPage() {
  const id = rowId(useParams({ from: "/members/datasets/$datasetId" }).datasetId);
  const { data: dataset } = $api.useSuspenseQuery("get", "/api/v1/datasets/{dataset_id}", {
    params: { path: { dataset_id: id } },
  });
  const [page, setPage] = useState(1);
  const versions = $api.useQuery(
    "get",
    "/api/v1/dataset-versions",
    { params: { query: { dataset: id, page, page_size: PAGE_SIZE } } },
    { placeholderData: keepPreviousData },
  );
  useEvents(["datasets"], [["get", "/api/v1/dataset-versions"]]);
  const freeze = !dataset.archived_at && (
    <LinkButton to="/datasets/$datasetId/freeze" params={{ datasetId: String(id) }}>
      Freeze a version
    </LinkButton>
  );
  return (
    <Page title={dataset.name}>
      <PageHeader
        title={dataset.name}
        description={
          <>
            <TextLink to="/datasets">Datasets</TextLink> · {DATASET_KIND[dataset.kind]}
            {dataset.archived_at && " · archived"}
            {dataset.description && <div>{dataset.description}</div>}
          </>
        }
        actions={
          <>
            {freeze}
            {dataset.archived_at ? (
              <ActButton onAct={() => archive(dataset, false)}>Bring back</ActButton>
            ) : (
              <ConfirmButton
                title={`Archive “${dataset.name}”?`}
                question="It leaves the lists. Its versions stay readable: runs were trained on them."
                confirmLabel="Archive"
                onConfirm={() => archive(dataset, true)}
              >
                Archive
              </ConfirmButton>
            )}
          </>
        }
      />
      <DataTable
        label="Versions"
        columns={COLUMNS}
        rows={versions.data?.results}
        rowKey={(version) => version.id}
        isLoading={versions.isPending}
        count={versions.data?.count}
        page={page}
        pageSize={PAGE_SIZE}
        onPageChange={setPage}
        empty={
          <EmptyState title="Nothing is frozen yet">
            Choose what to take, look at the counts, then freeze.
            {freeze}
          </EmptyState>
        }
      />
    </Page>
  );
}
