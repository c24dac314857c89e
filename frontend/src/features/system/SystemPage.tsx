import { Stack } from "@mantine/core";
import { $api, type Schemas } from "@/api/client";
import { useEvents } from "@/api/events";
import { type Column, DataTable } from "@/ui/DataTable";
import { formatBytes, formatNumber, formatPercent } from "@/ui/format";
import { LinkButton } from "@/ui/links";
import { Notice } from "@/ui/Notice";
import { Page, PageHeader, Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { Stat, StatGroup } from "@/ui/Stat";
import { StatusBadge } from "@/ui/StatusBadge";

type System = Schemas["System"];
type Worker = System["workers"][number];
type Queue = System["queues"][number];

const HOME_KEY = ["get", "/api/v1/home"];

const WORKERS: Column<Worker>[] = [
  { key: "name", header: "Worker", render: (worker) => worker.name },
  {
    key: "alive",
    header: "State",
    render: (worker) => (
      <StatusBadge tone={worker.is_alive ? "good" : "bad"}>
        {worker.is_alive ? "Works" : "Stopped"}
      </StatusBadge>
    ),
  },
  { key: "queues", header: "Takes from", render: (worker) => worker.queues.join(", ") },
  { key: "since", header: "Since", render: (worker) => <Since worker={worker} /> },
];

const QUEUES: Column<Queue>[] = [
  { key: "name", header: "Queue", render: (queue) => queue.name },
  { key: "length", header: "Waiting", align: "right", render: (queue) => formatNumber(queue.length) },
  {
    key: "served",
    header: "State",
    render: (queue) => (
      <StatusBadge tone={queue.is_served ? "good" : "bad"}>
        {queue.is_served ? "Served" : "Nobody takes from it"}
      </StatusBadge>
    ),
  },
];

export function SystemPage() {
  const { data } = $api.useSuspenseQuery("get", "/api/v1/home");
  useEvents(["system"], [HOME_KEY]);
  if (!data.admin) return null;
  const { system, problems } = data.admin;
  const { storage, beat } = system;
  return (
    <Page title="System">
      <PageHeader
        title="System"
        description={`labelapp ${system.version}`}
        actions={
          <LinkButton to="/system/webhooks" variant="default">
            Webhooks
          </LinkButton>
        }
      />
      {problems.length > 0 && (
        <Notice tone="bad" title="This needs you">
          <Stack gap={4}>
            {problems.map(({ message }) => (
              <span key={message}>{message}</span>
            ))}
          </Stack>
        </Notice>
      )}
      <StatGroup>
        <Stat
          label="Free on the disk"
          value={formatBytes(storage.free_bytes)}
          hint={`${formatPercent(storage.free_bytes / storage.total_bytes)} of ${formatBytes(storage.total_bytes)}`}
        />
        <Stat label="Runs, datasets, models, imports" value={formatBytes(storage.used_bytes)} />
        {storage.bucket && (
          <Stat
            label="Frozen datasets"
            value={
              <StatusBadge tone={storage.bucket_problem ? "bad" : "good"}>
                {storage.bucket_problem ? "Bucket is away" : "In a bucket"}
              </StatusBadge>
            }
            hint={storage.bucket}
          />
        )}
        <Stat label="Database" value={formatBytes(system.database.size_bytes)} />
        <Stat
          label="Scheduler"
          value={
            <StatusBadge tone={beat?.is_alive ? "good" : "bad"}>
              {beat?.is_alive ? "At work" : "Has stopped"}
            </StatusBadge>
          }
          hint={
            !beat?.is_alive && (
              <>
                last seen <RelativeTime at={beat?.last_seen_at} />
              </>
            )
          }
        />
      </StatGroup>
      <Section
        title="Workers"
        description="They write datasets and start runs. A run goes on without its worker."
      >
        <DataTable
          label="Workers"
          columns={WORKERS}
          rows={[...system.workers]}
          rowKey={(worker) => worker.name}
          empty={<StatusBadge tone="bad">No worker has been seen in the last day</StatusBadge>}
        />
      </Section>
      <Section title="Queues" description="What waits in them is done as soon as a worker takes it.">
        <DataTable label="Queues" columns={QUEUES} rows={[...system.queues]} rowKey={(queue) => queue.name} />
      </Section>
    </Page>
  );
}

/** When it was last seen is news of a stopped worker only: a live one signs every two seconds. */
function Since({ worker }: { worker: Worker }) {
  const { unexpected_restarts: restarts } = worker;
  if (!worker.is_alive) {
    return (
      <>
        last seen <RelativeTime at={worker.last_seen_at} />
      </>
    );
  }
  return (
    <>
      {restarts > 0 ? "restarted " : "started "}
      <RelativeTime at={worker.started_at} />
      {restarts === 1 && " after stopping unexpectedly"}
      {restarts > 1 && `, the last of ${restarts} unexpected stops within an hour`}
    </>
  );
}
