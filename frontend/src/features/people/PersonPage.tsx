import { Text } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { $api, type Schemas } from "@/api/client";
import { CHECKPOINT_KIND, DATASET_KIND } from "@/api/labels";
import { rowId } from "@/api/rowId";
import { type Column, DataTable } from "@/ui/DataTable";
import { formatNumber } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { Page, PageHeader, Section } from "@/ui/Page";
import { Stat, StatGroup } from "@/ui/Stat";

type Lineage = Schemas["UserLineage"];

const DATASETS: Column<Lineage["datasets"][number]>[] = [
  {
    key: "version",
    header: "Dataset",
    render: ({ version }) => (
      <TextLink to="/datasets/versions/$versionId" params={{ versionId: String(version.id) }}>
        {version.name}
      </TextLink>
    ),
  },
  { key: "kind", header: "Kind", render: ({ version }) => DATASET_KIND[version.kind] },
  { key: "own", header: "Theirs", align: "right", render: (row) => formatNumber(row.rows_of_user) },
  { key: "rows", header: "Of rows", align: "right", render: (row) => formatNumber(row.rows) },
];

const CHECKPOINTS: Column<Lineage["checkpoints"][number]>[] = [
  {
    key: "name",
    header: "Checkpoint",
    render: (row) => (
      <TextLink to="/checkpoints/$checkpointId" params={{ checkpointId: String(row.id) }}>
        {row.name}
      </TextLink>
    ),
  },
  { key: "kind", header: "Kind", render: (row) => CHECKPOINT_KIND[row.kind] },
  {
    key: "how",
    header: "How",
    render: (row) => (row.is_direct ? "trained on their answers" : "descends from one that was"),
  },
];

/** What became of a person's answers: which datasets hold them, which models learned from them. */
export function PersonPage() {
  const id = rowId(useParams({ from: "/members/people/$userId" }).userId);
  const { data: lineage } = $api.useSuspenseQuery("get", "/api/v1/users/{user_id}/lineage", {
    params: { path: { user_id: id } },
  });
  const { data: user } = $api.useQuery("get", "/api/v1/users/{user_id}", {
    params: { path: { user_id: id } },
  });
  const name = user?.name || user?.email || `Person ${id}`;
  return (
    <Page title={name}>
      <PageHeader
        title={name}
        description={
          <>
            <TextLink to="/people">People</TextLink>
            {user && ` · ${user.role} · in exports “${user.pseudonym}”`}
          </>
        }
      />
      <StatGroup>
        <Stat label="Submissions" value={formatNumber(lineage.submissions)} hint="edits counted too" />
        <Stat label="Dataset versions" value={formatNumber(lineage.datasets.length)} />
        <Stat label="Checkpoints touched" value={formatNumber(lineage.checkpoints.length)} />
      </StatGroup>
      <Section title="Datasets that hold their answers">
        <DataTable
          label="Datasets"
          columns={DATASETS}
          rows={[...lineage.datasets]}
          rowKey={(row) => row.version.id}
          empty={<Text c="dimmed">None has been frozen since they answered.</Text>}
        />
      </Section>
      <Section title="Checkpoints that learned from them">
        <DataTable
          label="Checkpoints"
          columns={CHECKPOINTS}
          rows={[...lineage.checkpoints]}
          rowKey={(row) => row.id}
          empty={<Text c="dimmed">No run has used these datasets yet.</Text>}
        />
      </Section>
    </Page>
  );
}
