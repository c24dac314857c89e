import { Stack, Text } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { $api, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { useEvents } from "@/api/events";
import { DATASET_KIND } from "@/api/labels";
import { hasRole, useMe } from "@/api/session";
import { NewDataset } from "@/features/datasets/NewDataset";
import { VERSION_STATE } from "@/features/datasets/versionState";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { FieldErrors } from "@/ui/FieldErrors";
import { LinkButton, TextLink } from "@/ui/links";
import { Page, PageHeader } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { StatusBadge } from "@/ui/StatusBadge";

type Dataset = Schemas["Dataset"];

const COLUMNS: Column<Dataset>[] = [
  {
    key: "name",
    header: "Dataset",
    render: (dataset) => (
      <Stack gap={0} miw="12rem">
        <TextLink to="/datasets/$datasetId" params={{ datasetId: String(dataset.id) }} fw={500}>
          {dataset.name}
        </TextLink>
        {dataset.description && (
          <Text size="xs" c="dimmed" lineClamp={1}>
            {dataset.description}
          </Text>
        )}
      </Stack>
    ),
  },
  { key: "kind", header: "Kind", render: (dataset) => DATASET_KIND[dataset.kind] },
  {
    key: "newest",
    header: "Newest version",
    render: ({ newest_version: newest }) =>
      newest ? (
        <TextLink to="/datasets/versions/$versionId" params={{ versionId: String(newest.id) }}>
          v{newest.number}
        </TextLink>
      ) : (
        <Text inherit c="dimmed">
          nothing frozen yet
        </Text>
      ),
  },
  {
    key: "state",
    header: "State",
    render: ({ newest_version: newest }) =>
      newest && (
        <StatusBadge tone={VERSION_STATE[newest.state].tone}>{VERSION_STATE[newest.state].label}</StatusBadge>
      ),
  },
  { key: "count", header: "Versions", align: "right", render: (dataset) => dataset.version_count },
  { key: "created", header: "Made", render: (dataset) => <RelativeTime at={dataset.created_at} /> },
];

export function DatasetsPage() {
  const { page = 1 } = useSearch({ from: "/members/datasets" });
  const navigate = useNavigate({ from: "/datasets" });
  const isAdmin = hasRole(useMe(), "admin");
  const { data, error, isPending } = $api.useQuery("get", "/api/v1/datasets", {
    params: { query: { page } },
  });
  useEvents(["datasets"], [["get", "/api/v1/datasets"]]);
  return (
    <Page title="Datasets">
      <PageHeader
        title="Datasets"
        description="What people said, frozen: a version never changes, and the same filters over the same labels give the same bytes."
        actions={
          <>
            {isAdmin && (
              <LinkButton to="/datasets/erasures" variant="default">
                Deletion requests
              </LinkButton>
            )}
            <NewDataset />
          </>
        }
      />
      {error && <FieldErrors message={errorMessage(error)} />}
      <DataTable
        label="Datasets"
        columns={COLUMNS}
        rows={data?.results}
        rowKey={(dataset) => dataset.id}
        isLoading={isPending}
        count={data?.count}
        page={page}
        onPageChange={(next) => void navigate({ search: { page: next } })}
        empty={
          <EmptyState title="There is no dataset yet">
            Make one to freeze demonstrations, comparisons or prompts into files that a run can train on.
            <NewDataset />
          </EmptyState>
        }
      />
    </Page>
  );
}
