import { Group, List, Progress, Text } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { $api } from "@/api/client";
import { RUN_KIND, RUN_STATE, spaced } from "@/api/labels";
import { rowId } from "@/api/rowId";
import { hasRole, useMe } from "@/api/session";
import { RunActions } from "@/features/runs/RunActions";
import { RunConfig } from "@/features/runs/RunConfig";
import { RunCurves } from "@/features/runs/RunCurves";
import { RunFrontier } from "@/features/runs/RunFrontier";
import { RunInputs } from "@/features/runs/RunInputs";
import { RunLog } from "@/features/runs/RunLog";
import { RunOutput } from "@/features/runs/RunOutput";
import classes from "@/features/runs/RunPage.module.css";
import { RunState } from "@/features/runs/RunState";
import { isLive, type Run, useLiveRuns } from "@/features/runs/runQueries";
import { runResults } from "@/features/runs/runResults";
import { Facts } from "@/ui/Facts";
import { formatDuration, formatNumber, formatPercent } from "@/ui/format";
import { Notice } from "@/ui/Notice";
import { Page, PageHeader, Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { Stat, StatGroup } from "@/ui/Stat";

export function RunPage() {
  const id = rowId(useParams({ from: "/members/runs/$runId" }).runId);
  const { data: run } = $api.useSuspenseQuery("get", "/api/v1/runs/{run_id}", {
    params: { path: { run_id: id } },
  });
  const isAdmin = hasRole(useMe(), "admin");
  useLiveRuns([id]);
  return (
    <Page title={run.name}>
      <PageHeader
        title={run.name}
        description={
          <Group gap="sm">
            <RunState run={run} />
            <span>
              {RUN_KIND[run.kind]}, launched <RelativeTime at={run.created_at} />
              {run.created_by && ` by ${run.created_by.name}`}
            </span>
          </Group>
        }
        actions={<RunActions run={run} isAdmin={isAdmin} />}
      />
      <RunProgress run={run} />
      <RunError run={run} />
      <RunWarnings summary={run.summary} />
      <RunCurves run={run} />
      <RunFrontier run={run} />
      <div className={classes.columns}>
        <Section title="Reads and makes">
          <RunInputs run={run} />
          <Facts facts={[{ label: "Makes", value: <RunOutput run={run} /> }, ...runResults(run.summary)]} />
        </Section>
        <RunLog run={run} />
      </div>
      <RunConfig run={run} />
    </Page>
  );
}

/** Where it computes: "on host:cuda:0,1, in 2 processes", or the cluster. */
function placeOf(run: Run): string | undefined {
  const place = run.launcher === "ray" ? `on Ray, ${run.ray_address}` : run.device && `on ${run.device}`;
  const several = run.processes > 1 && `in ${run.processes} processes`;
  return [place, several].filter(Boolean).join(", ") || undefined;
}

function RunProgress({ run }: { run: Run }) {
  // Usually a word; where a run waits for something, a sentence.
  const isLong = run.phase.length > 30;
  const share = run.total_steps ? run.step / run.total_steps : null;
  return (
    <div>
      <StatGroup>
        <Stat
          label="Phase"
          value={isLong ? RUN_STATE[run.state] : run.phase ? spaced(run.phase) : "–"}
          hint={isLong ? run.phase : placeOf(run)}
        />
        <Stat
          label="Step"
          value={formatNumber(run.step)}
          hint={
            share === null ? undefined : `of ${formatNumber(run.total_steps ?? 0)}, ${formatPercent(share)}`
          }
        />
        <Stat
          label={isLive(run) ? "Left" : "Ended"}
          value={
            !isLive(run) ? (
              <RelativeTime at={run.ended_at} />
            ) : run.eta_seconds === null ? (
              "–"
            ) : (
              formatDuration(run.eta_seconds)
            )
          }
        />
        <Stat
          label="Ran for"
          value={formatDuration(run.running_seconds)}
          hint={run.attempt > 1 ? `in ${run.attempt} attempts` : undefined}
        />
        <Stat
          label="GPU time"
          value={run.gpu_hours ? formatDuration(run.gpu_hours * 3600) : "None"}
          hint={run.gpu_hours ? undefined : "on the CPU"}
        />
      </StatGroup>
      {isLive(run) && share !== null && (
        <Progress.Root size={6} mt="xs">
          <Progress.Section value={share * 100} aria-label="Progress" animated={run.state === "running"} />
        </Progress.Root>
      )}
    </div>
  );
}

function RunError({ run }: { run: Run }) {
  if (!run.error_message) return null;
  const isOver = run.state === "failed";
  return (
    <Notice
      tone={isOver ? "bad" : "warn"}
      title={isOver ? "The run has failed" : `Attempt ${run.attempt} broke off; the run goes on by itself`}
    >
      <Text className={classes.error}>{run.error_message}</Text>
      {isOver && (
        <Text size="sm" mt="xs">
          The end of the log says more. Resume goes on from the last checkpoint.
        </Text>
      )}
    </Notice>
  );
}

/** What the run left out or did otherwise than it may seem, in its own words. */
function RunWarnings({ summary }: { summary: Run["summary"] }) {
  const { warnings } = summary as { warnings?: unknown };
  if (!Array.isArray(warnings) || !warnings.length) return null;
  return (
    <Notice tone="warn" title="Worth knowing">
      <List size="sm" spacing={4}>
        {warnings.map((warning) => (
          <List.Item key={String(warning)}>{String(warning)}</List.Item>
        ))}
      </List>
    </Notice>
  );
}
