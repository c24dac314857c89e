import { Group, Text, Title } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import classes from "@/features/home/Home.module.css";
import { DayBars } from "@/ui/DayBars";
import { EmptyState } from "@/ui/EmptyState";
import { formatDuration, formatNumber, pluralize } from "@/ui/format";
import { LinkButton, TextLink } from "@/ui/links";
import { Section } from "@/ui/Page";
import { Stat, StatGroup } from "@/ui/Stat";

type Progress = Schemas["Progress"];
type OwnProject = Progress["projects"][number];

type LabelerHomeProps = { progress: Progress; isOnlyPart: boolean };

export function LabelerHome({ progress, isOnlyPart }: LabelerHomeProps) {
  const { t } = useTranslation();
  const { projects, today, active_seconds_today: seconds, median_active_seconds_today: median } = progress;
  const withWork = projects.filter((project) => project.has_work && project.state === "active");
  return (
    <>
      {!isOnlyPart && (
        <Title order={2} mt="md">
          Your own labeling
        </Title>
      )}
      {projects.length ? (
        <div className={classes.works}>
          {(withWork.length ? withWork : projects).map((project) => (
            <Work key={project.id} project={project} isOnlyPart={isOnlyPart} />
          ))}
        </div>
      ) : (
        <EmptyState title="You are in no project yet">
          As soon as a researcher adds you to one, its tasks wait here.
        </EmptyState>
      )}
      <div className={classes.columns}>
        <StatGroup>
          <Stat
            label="Today"
            value={formatNumber(today)}
            hint={today ? `in ${formatDuration(seconds)} of work` : undefined}
          />
          <Stat
            label="Pace today"
            value={today ? formatDuration(seconds / today) : "–"}
            hint="of work an answer"
          />
          <Stat label="Last 7 days" value={formatNumber(progress.last_7_days)} />
          <Stat
            label="In all"
            value={formatNumber(progress.total)}
            hint={progress.total ? <TextLink to="/history">look back</TextLink> : undefined}
          />
        </StatGroup>
        <Section title="Your last days">
          <DayBars
            label="Your answers by day"
            counted={(count) => t("{{count}} answers", { count })}
            days={progress.per_day.slice(-7)}
          />
        </Section>
      </div>
    </>
  );
}

function Work({ project, isOnlyPart }: { project: OwnProject; isOnlyPart: boolean }) {
  const canWork = project.has_work && project.state === "active";
  return (
    <section className={classes.work}>
      <div className={classes.workText}>
        <Title order={isOnlyPart ? 2 : 3} size="h3">
          {project.name}
        </Title>
        <Text c="dimmed" lineClamp={2}>
          {project.description ||
            (project.kind === "demonstration" ? "Write demonstrations." : "Rate and rank responses.")}
        </Text>
        <Text size="sm" c="dimmed">
          {pluralize(project.submitted_count, "answer")} of yours so far
        </Text>
      </div>
      <Group>
        {canWork ? (
          <LinkButton
            to="/label/$projectId"
            params={{ projectId: String(project.id) }}
            size="lg"
            rightSection={<IconArrowRight size={18} aria-hidden />}
          >
            {project.has_lease ? "Continue" : "Start"}
          </LinkButton>
        ) : (
          <Text c="dimmed">
            {project.state === "paused" ? "Paused by a researcher" : "Nothing to do just now"}
          </Text>
        )}
      </Group>
    </section>
  );
}
