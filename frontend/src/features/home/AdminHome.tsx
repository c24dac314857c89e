import { Stack, Text } from "@mantine/core";
import type { Schemas } from "@/api/client";
import { RUN_KIND, RUN_STATE, spaced } from "@/api/labels";
import classes from "@/features/home/Home.module.css";
import { formatBytes, formatDuration, formatPercent } from "@/ui/format";
import { LinkButton, TextLink } from "@/ui/links";
import { Notice } from "@/ui/Notice";
import { Section } from "@/ui/Page";
import { ProgressLine } from "@/ui/ProgressLine";
import { RelativeTime } from "@/ui/RelativeTime";
import { Stat, StatGroup } from "@/ui/Stat";
import { StatusBadge, type Tone } from "@/ui/StatusBadge";

type Admin = Schemas["AdminHome"];
type Run = Admin["live_runs"][number];

const TONE: Record<Run["state"], Tone> = {
  queued: "quiet",
  running: "live",
  succeeded: "good",
  failed: "bad",
  cancelled: "warn",
};

export function AdminHome({ admin }: { admin: Admin }) {
  return (
    <>
      {admin.problems.length > 0 && (
        <Notice tone="bad" title="This needs you">
          <Stack gap={4}>
            {admin.problems.map(({ message }) => (
              <span key={message}>{message}</span>
            ))}
          </Stack>
        </Notice>
      )}
      <Health system={admin.system} />
      <Section
        title="Runs"
        actions={
          <>
            <LinkButton to="/runs" variant="default" size="compact-md">
              All runs
            </LinkButton>
            <LinkButton to="/runs/new" size="compact-md">
              Launch a run
            </LinkButton>
          </>
        }
      >
        {!admin.live_runs.length && (
          <Text c="dimmed">
            {admin.ended_runs.length ? "Nothing runs just now." : "Nothing has run yet."}
          </Text>
        )}
        <ul className={classes.list}>
          {[...admin.live_runs, ...admin.ended_runs].map((run) => (
            <RunLine key={run.id} run={run} />
          ))}
        </ul>
      </Section>
    </>
  );
}

function RunLine({ run }: { run: Run }) {
  const isLive = run.state === "queued" || run.state === "running";
  return (
    <li className={classes.line}>
      <div>
        <TextLink to="/runs/$runId" params={{ runId: String(run.id) }} fw={500}>
          {run.name}
        </TextLink>
        <Text size="sm" c="dimmed">
          {RUN_KIND[run.kind]}
        </Text>
      </div>
      <div>
        <StatusBadge tone={TONE[run.state]}>{RUN_STATE[run.state]}</StatusBadge>
        <Text size="xs" c="dimmed">
          {isLive ? spaced(run.phase) : <RelativeTime at={run.ended_at} />}
        </Text>
      </div>
      {isLive ? (
        <div>
          <ProgressLine
            label={`Progress of ${run.name}`}
            done={run.step}
            total={run.total_steps}
            unit="steps"
          />
          {run.eta_seconds !== null && (
            <Text size="xs" c="dimmed">
              {formatDuration(run.eta_seconds)} left
            </Text>
          )}
        </div>
      ) : (
        <Text size="sm" c="dimmed">
          {run.checkpoint && "made "}
          {run.checkpoint && (
            <TextLink to="/checkpoints/$checkpointId" params={{ checkpointId: String(run.checkpoint.id) }}>
              {run.checkpoint.name}
            </TextLink>
          )}
        </Text>
      )}
    </li>
  );
}

function Health({ system }: { system: Admin["system"] }) {
  const alive = system.workers.filter((worker) => worker.is_alive).length;
  const waiting = system.queues.reduce((sum, queue) => sum + queue.length, 0);
  const { free_bytes: free, total_bytes: total, used_bytes: used } = system.storage;
  return (
    <StatGroup>
      <Stat
        label="Workers"
        value={<StatusBadge tone={alive ? "good" : "bad"}>{alive ? `${alive} at work` : "None"}</StatusBadge>}
        hint={<TextLink to="/system">System</TextLink>}
      />
      <Stat
        label="Scheduler"
        value={
          <StatusBadge tone={system.beat?.is_alive ? "good" : "bad"}>
            {system.beat?.is_alive ? "At work" : "Has stopped"}
          </StatusBadge>
        }
        hint={
          !system.beat?.is_alive && (
            <>
              last seen <RelativeTime at={system.beat?.last_seen_at} />
            </>
          )
        }
      />
      <Stat label="Waiting in queues" value={waiting} />
      <Stat
        label="Free on the disk"
        value={formatBytes(free)}
        hint={`${formatPercent(free / total)} of ${formatBytes(total)}; ${formatBytes(used)} hold runs, datasets and models`}
      />
    </StatGroup>
  );
}
