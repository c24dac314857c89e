import { Group, Text, Title } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import classes from "@/features/home/Home.module.css";
import { OwnAgreement } from "@/features/home/OwnAgreement";
import { DayBars } from "@/ui/DayBars";
import { EmptyState } from "@/ui/EmptyState";
import { formatDuration, formatNumber, formatPace } from "@/ui/format";
import { msg } from "@/ui/language";
import { LinkButton, TextLink } from "@/ui/links";
import { Section } from "@/ui/Page";
import { Stat, StatGroup } from "@/ui/Stat";

type Progress = Schemas["Progress"];
type OwnProject = Progress["projects"][number];

const KIND: Record<OwnProject["kind"], string> = {
  comparison: msg("Rate and rank responses."),
  evaluation: msg("Rate and rank responses."),
  toxicity: msg("Rate how toxic responses are, then rank them."),
  demonstration: msg("Write demonstrations."),
};

type LabelerHomeProps = { progress: Progress; isOnlyPart: boolean };

export function LabelerHome({ progress, isOnlyPart }: LabelerHomeProps) {
  const { t } = useTranslation();
  const { projects, today, active_seconds_today: seconds, median_active_seconds_today: median } = progress;
  const withWork = projects.filter((project) => project.has_work && project.state === "active");
  return (
    <>
      {!isOnlyPart && (
        <Title order={2} mt="md">
          {t("Your own labeling")}
        </Title>
      )}
      {projects.length ? (
        <div className={classes.works}>
          {(withWork.length ? withWork : projects).map((project) => (
            <Work key={project.id} project={project} isOnlyPart={isOnlyPart} />
          ))}
        </div>
      ) : (
        <EmptyState title={t("You are in no project yet")}>
          {t("As soon as a researcher adds you to one, its tasks wait here.")}
        </EmptyState>
      )}
      <div className={classes.columns}>
        <div className={classes.numbers}>
          <StatGroup>
            <Stat
              label={t("Today")}
              value={formatNumber(today)}
              hint={today ? t("in {{duration}} of work", { duration: formatDuration(seconds) }) : undefined}
            />
            <Stat
              label={t("Pace today")}
              value={formatPace(today, seconds) ?? "–"}
              hint={t("answers in an hour of work")}
            />
            <Stat
              label={t("For one answer")}
              value={median === null ? "–" : formatDuration(median)}
              hint={t("of work, as the median today")}
            />
            <Stat label={t("Last 7 days")} value={formatNumber(progress.last_7_days)} />
            <Stat
              label={t("In all")}
              value={formatNumber(progress.total)}
              hint={progress.total ? <TextLink to="/history">{t("look back")}</TextLink> : undefined}
            />
          </StatGroup>
          <OwnAgreement />
        </div>
        <Section title={t("Your last days")}>
          <DayBars
            label={t("Your answers by day")}
            counted={(count) => t("{{count}} answers", { count })}
            days={progress.per_day.slice(-7)}
          />
        </Section>
      </div>
    </>
  );
}

function Work({ project, isOnlyPart }: { project: OwnProject; isOnlyPart: boolean }) {
  const { t } = useTranslation();
  const canWork = project.has_work && project.state === "active";
  return (
    <section className={classes.work}>
      <div className={classes.workText}>
        <Title order={isOnlyPart ? 2 : 3} size="h3">
          {project.name}
        </Title>
        <Text c="dimmed" lineClamp={2}>
          {project.description || t(KIND[project.kind])}
        </Text>
        <Text size="sm" c="dimmed">
          {t("{{count}} answers of yours so far", { count: project.submitted_count })}
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
            {project.has_lease ? t("Continue") : t("Start")}
          </LinkButton>
        ) : (
          <Text c="dimmed">
            {project.state === "paused" ? t("Paused by a researcher") : t("Nothing to do just now")}
          </Text>
        )}
      </Group>
    </section>
  );
}
