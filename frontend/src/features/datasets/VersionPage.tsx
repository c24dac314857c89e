import { Code, Group, Progress, Text } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { $api, type Schemas } from "@/api/client";
import { useEvents } from "@/api/events";
import { DATASET_KIND, SPLIT } from "@/api/labels";
import { rowId } from "@/api/rowId";
import { hasRole, useMe } from "@/api/session";
import { loadSnippet } from "@/features/datasets/loadSnippet";
import { filterSummary } from "@/features/datasets/query";
import { VersionExport } from "@/features/datasets/VersionExport";
import { VersionFiles } from "@/features/datasets/VersionFiles";
import { VersionRows } from "@/features/datasets/VersionRows";
import { VersionSources } from "@/features/datasets/VersionSources";
import { VERSION_STATE } from "@/features/datasets/versionState";
import { CopyButton } from "@/ui/CopyButton";
import { formatNumber } from "@/ui/format";
import { LinkButton, TextLink } from "@/ui/links";
import { Notice } from "@/ui/Notice";
import { Page, PageHeader, Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { Stat, StatGroup } from "@/ui/Stat";
import { StatusBadge } from "@/ui/StatusBadge";

type Version = Schemas["DatasetVersion"];

export function VersionPage() {
  const id = rowId(useParams({ from: "/members/datasets/versions/$versionId" }).versionId);
  const { data: version } = $api.useSuspenseQuery("get", "/api/v1/dataset-versions/{version_id}", {
    params: { path: { version_id: id } },
  });
  useEvents(["datasets"], [["get", "/api/v1/dataset-versions/{version_id}"]]);
  const isAdmin = hasRole(useMe(), "admin");
  const { label, tone } = VERSION_STATE[version.state];
  const name = `${version.dataset.name} v${version.number}`;
  return (
    <Page title={name}>
      <PageHeader
        title={name}
        description={
          <Group gap="sm">
            <StatusBadge tone={tone}>{label}</StatusBadge>
            <span>
              <TextLink to="/datasets/$datasetId" params={{ datasetId: String(version.dataset.id) }}>
                {version.dataset.name}
              </TextLink>{" "}
              · {DATASET_KIND[version.dataset.kind]} · <RelativeTime at={version.created_at} />
              {version.created_by && ` by ${version.created_by}`}
            </span>
          </Group>
        }
        actions={
          version.state === "ready" && (
            <>
              <LinkButton
                to="/datasets/versions/$versionId/compare"
                params={{ versionId: String(version.id) }}
                variant="default"
              >
                What changed
              </LinkButton>
              {isAdmin && (
                <LinkButton
                  to="/runs/new"
                  search={{ kind: TRAINS[version.dataset.kind], version: version.id }}
                >
                  Train on this
                </LinkButton>
              )}
            </>
          )
        }
      />
      <Writing version={version} />
      <StatGroup>
        <Stat label="Rows" value={version.rows_total === null ? "–" : formatNumber(version.rows_total)} />
        {version.dataset.kind === "comparisons" && (
          <Stat label="Pairs" value={formatNumber(version.pair_count ?? 0)} />
        )}
        {(["train", "valid", "test"] as const).map((split) => (
          <Stat key={split} label={SPLIT[split]} value={formatNumber(version.split_counts[split] ?? 0)} />
        ))}
      </StatGroup>
      <Text size="sm" c="dimmed">
        Takes: {filterSummary(version.query, version.query_names)}
      </Text>
      {version.state === "ready" && (
        <>
          <VersionFiles version={version} />
          <VersionExport version={version} />
          <Section
            title="Load it"
            description="The same files in a notebook; make a token on your profile page."
            actions={<CopyButton value={loadSnippet(version, window.location.origin)} />}
          >
            <Code block tabIndex={0}>
              {loadSnippet(version, window.location.origin)}
            </Code>
          </Section>
          <VersionSources version={version} />
          <VersionRows version={version} />
        </>
      )}
    </Page>
  );
}

const TRAINS = { demonstrations: "sft", comparisons: "reward_model", prompts: "ppo" } as const;

function Writing({ version }: { version: Version }) {
  if (version.state === "failed")
    return (
      <Notice tone="bad" title="It could not be written">
        {version.error}
      </Notice>
    );
  if (version.state === "ready") return null;
  const share = version.rows_total ? ((version.rows_written ?? 0) / version.rows_total) * 100 : 0;
  return (
    <div role="status">
      <Text size="sm" c="dimmed" mb={4}>
        {version.state === "queued"
          ? "Waiting for a worker…"
          : version.rows_total === null
            ? "Counting…"
            : `${formatNumber(version.rows_written ?? 0)} of ${formatNumber(version.rows_total)} rows written`}
      </Text>
      <Progress.Root size={6}>
        <Progress.Section value={share} aria-label="Rows written" animated />
      </Progress.Root>
    </div>
  );
}
