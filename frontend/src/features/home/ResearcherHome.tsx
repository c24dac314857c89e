import { Text } from "@mantine/core";
import type { Schemas } from "@/api/client";
import { DATASET_KIND } from "@/api/labels";
import classes from "@/features/home/Home.module.css";
import { DayBars } from "@/ui/DayBars";
import { formatNumber, formatPercent, pluralize } from "@/ui/format";
import { LinkButton, TextLink } from "@/ui/links";
import { Section } from "@/ui/Page";
import { ProgressLine } from "@/ui/ProgressLine";
import { RelativeTime } from "@/ui/RelativeTime";
import { StatusBadge } from "@/ui/StatusBadge";

type Researcher = Schemas["ResearcherHome"];
type Queue = Researcher["queues"][number];

export function ResearcherHome({ researcher }: { researcher: Researcher }) {
  return (
    <>
      <Section
        title="Queues"
        actions={
          <LinkButton to="/projects" variant="default" size="compact-md">
            All projects
          </LinkButton>
        }
      >
        {researcher.queues.length ? (
          <ul className={classes.list}>
            {researcher.queues.map((queue) => (
              <QueueLine key={queue.project.id} queue={queue} />
            ))}
          </ul>
        ) : (
          <Text c="dimmed">
            No project yet. <TextLink to="/projects/new">Create one</TextLink>, give it tasks and people.
          </Text>
        )}
      </Section>
      <div className={classes.columns}>
        <Section title="Answers a day">
          <DayBars
            label="Answers by day"
            counted={(count) => pluralize(count, "answer")}
            days={researcher.throughput.slice(-14)}
          />
        </Section>
        <Section
          title="Latest datasets"
          actions={
            <LinkButton to="/datasets" variant="default" size="compact-md">
              All datasets
            </LinkButton>
          }
        >
          {researcher.datasets.length ? (
            <ul className={classes.list}>
              {researcher.datasets.map((version) => (
                <li key={version.id}>
                  <TextLink to="/datasets/versions/$versionId" params={{ versionId: String(version.id) }}>
                    {version.name}
                  </TextLink>
                  <Text size="sm" c="dimmed">
                    {DATASET_KIND[version.kind]} ·{" "}
                    {version.rows_total === null ? version.state : pluralize(version.rows_total, "row")} ·{" "}
                    <RelativeTime at={version.created_at} />
                  </Text>
                </li>
              ))}
            </ul>
          ) : (
            <Text c="dimmed">Nothing is frozen yet. Freeze a dataset once there are enough answers.</Text>
          )}
        </Section>
      </div>
    </>
  );
}

function QueueLine({ queue: { project, agreement } }: { queue: Queue }) {
  const counts = project.assignment_counts;
  const total = counts.open + counts.leased + counts.submitted;
  return (
    <li className={classes.line}>
      <div>
        <TextLink to="/projects/$projectId" params={{ projectId: String(project.id) }} fw={500}>
          {project.name}
        </TextLink>{" "}
        {project.state === "paused" && <StatusBadge tone="warn">paused</StatusBadge>}
        <Text size="sm" c="dimmed">
          {pluralize(project.task_count, "task")}, {pluralize(project.member_count, "member")}
          {counts.leased > 0 && `, ${formatNumber(counts.leased)} in work now`}
        </Text>
      </div>
      <ProgressLine
        label={`Answers of ${project.name}`}
        done={counts.submitted}
        total={total}
        unit="answers"
      />
      <AgreementText agreement={agreement} kind={project.kind} />
    </li>
  );
}

function AgreementText({ agreement, kind }: { agreement: Queue["agreement"]; kind: string }) {
  if (kind === "demonstration") return <span />;
  if (!agreement)
    return (
      <Text size="sm" c="dimmed">
        No two have ranked the same task yet
      </Text>
    );
  const compared = agreement.pairs + agreement.tied_pairs;
  return (
    <div>
      <Text size="sm">
        Agreement <b>{formatPercent(agreement.rate)}</b>{" "}
        <Text span size="xs" c="dimmed">
          {formatPercent(agreement.low)} to {formatPercent(agreement.high)}
        </Text>
      </Text>
      <Text size="xs" c="dimmed">
        over {pluralize(agreement.pairs, "pair")}
        {compared > 0 && `, ${formatPercent(agreement.tied_pairs / compared)} ties`}
      </Text>
    </div>
  );
}
