import { Button, Group, List, Stack, Text } from "@mantine/core";
import { IconSnowflake } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { $api, invalidate } from "@/api/client";
import { SPLIT } from "@/api/labels";
import classes from "@/features/datasets/Datasets.module.css";
import {
  type Dataset,
  errorSummary,
  type FilterErrors,
  filterErrors,
  type PreviewFigures,
  type Query,
} from "@/features/datasets/query";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatNumber, formatPercent } from "@/ui/format";
import { Notice } from "@/ui/Notice";
import { Section } from "@/ui/Page";
import { Stat, StatGroup } from "@/ui/Stat";

type PreviewProps = {
  dataset: Dataset;
  query: Query;
  found: PreviewFigures | undefined;
  errors: FilterErrors;
};

/** What freezing would give now, and the button that does it. */
export function Preview({ dataset, query, found, errors }: PreviewProps) {
  const navigate = useNavigate();
  const freeze = $api.useMutation("post", "/api/v1/datasets/{dataset_id}/versions", {
    onSuccess: async (version) => {
      await invalidate("/api/v1/datasets", "/api/v1/dataset-versions");
      await navigate({ to: "/datasets/versions/$versionId", params: { versionId: String(version.id) } });
    },
  });
  const wrong = freeze.error ? filterErrors(freeze.error) : errors;
  const isEmpty = !found?.rows || (dataset.kind === "comparisons" && !found.pairs);
  return (
    <div className={classes.preview}>
      <Section title="What it would be now">
        <Stack aria-live="polite">
          <FieldErrors message={errorSummary(wrong)} />
          {found && <Figures dataset={dataset} found={found} />}
          {found && <Warnings found={found} />}
          {found && <Shares found={found} />}
          <Group>
            <Button
              leftSection={<IconSnowflake size={16} aria-hidden />}
              disabled={isEmpty || Object.keys(errors).length > 0}
              loading={freeze.isPending}
              onClick={() => freeze.mutate({ params: { path: { dataset_id: dataset.id } }, body: { query } })}
            >
              Freeze
            </Button>
          </Group>
        </Stack>
      </Section>
    </div>
  );
}

function Figures({ dataset, found }: { dataset: Dataset; found: PreviewFigures }) {
  const { agreement } = found;
  return (
    <>
      <StatGroup>
        <Stat label="Rows" value={formatNumber(found.rows)} />
        {dataset.kind === "comparisons" && (
          <Stat label="Pairs" value={formatNumber(found.pairs)} hint="ties give none" />
        )}
        {dataset.kind !== "prompts" && <Stat label="Labelers" value={formatNumber(found.labelers.length)} />}
        {agreement && (
          <Stat
            label="Agreement"
            value={formatPercent(agreement.rate)}
            hint={`${formatPercent(agreement.low)} to ${formatPercent(agreement.high)}, of ${formatNumber(agreement.pairs)} pairs`}
          />
        )}
      </StatGroup>
      <Group gap="lg">
        {(["train", "valid", "test"] as const).map((split) => (
          <Text key={split} size="sm">
            {SPLIT[split]} <b>{formatNumber(found.split_counts[split])}</b>
          </Text>
        ))}
      </Group>
    </>
  );
}

function Warnings({ found }: { found: PreviewFigures }) {
  if (!found.warnings.length) return null;
  return (
    <Notice tone="warn" title="Worth knowing">
      <List size="sm" spacing={4}>
        {found.warnings.map(({ code, message }) => (
          <List.Item key={code}>{message}</List.Item>
        ))}
      </List>
    </Notice>
  );
}

const SHOWN = 5;

/** Whose answers these are, and what they had been told, the largest shares first. */
function Shares({ found }: { found: PreviewFigures }) {
  const labelers = found.labelers.map(({ id, name, rows }) => ({ key: id, name, rows }));
  const versions = found.instruction_versions
    .map(({ id, project, number, rows }) => ({ key: id, name: `${project} v${number}`, rows }))
    .sort((one, other) => other.rows - one.rows);
  return (
    <>
      <ShareList title="Said by" shares={labelers} />
      <ShareList title="Instructions" shares={versions} />
    </>
  );
}

type Share = { key: number; name: string; rows: number };

function ShareList({ title, shares }: { title: string; shares: Share[] }) {
  if (!shares.length) return null;
  const total = shares.reduce((sum, { rows }) => sum + rows, 0);
  return (
    <section aria-label={title}>
      <Text size="sm" fw={500} mb={4}>
        {title}
      </Text>
      <ul className={classes.shares}>
        {shares.slice(0, SHOWN).map(({ key, name, rows }) => (
          <li key={key} className={classes.share}>
            <span className={classes.shareName} dir="auto">
              {name}
            </span>
            <span className={classes.bar} aria-hidden>
              <span style={{ inlineSize: `${(100 * rows) / total}%` }} />
            </span>
            <span className={classes.shareRows}>{formatNumber(rows)}</span>
          </li>
        ))}
      </ul>
      {shares.length > SHOWN && (
        <Text size="xs" c="dimmed">
          and {formatNumber(shares.length - SHOWN)} more
        </Text>
      )}
    </section>
  );
}
