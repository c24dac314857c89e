import { Badge, Button } from "@mantine/core";
import { IconCoffee } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { $api, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { useEvents } from "@/api/events";
import classes from "@/features/labeling/ProjectsPage.module.css";
import { Busy } from "@/ui/Busy";
import { EmptyState } from "@/ui/EmptyState";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatDuration, formatNumber } from "@/ui/format";
import { msg } from "@/ui/language";
import { Page, PageHeader } from "@/ui/Page";
import { Stat, StatGroup } from "@/ui/Stat";

type OwnProject = Schemas["OwnProject"];

const KIND: Record<OwnProject["kind"], string> = {
  comparison: msg("Rank responses"),
  evaluation: msg("Rank responses"),
  toxicity: msg("Rate toxicity, then rank"),
  demonstration: msg("Write demonstrations"),
};

const STATE: Record<OwnProject["state"], string> = {
  active: msg("active"),
  paused: msg("paused"),
  archived: msg("archived"),
};

/** Where there is work, and what one has done. */
export function ProjectsPage() {
  const { t } = useTranslation();
  const { data: progress, error, isPending } = $api.useQuery("get", "/api/v1/progress");
  const topics = progress?.projects.map(({ id }) => `labeling:${id}`) ?? [];
  useEvents(topics.slice(0, 20), [["get", "/api/v1/progress"]]);
  return (
    <Page title={t("Label")} width="narrow">
      <PageHeader title={t("Label")} description={t("Projects that you are a member of.")} />
      {error && <FieldErrors message={errorMessage(error)} />}
      {isPending && <Busy />}
      {progress && (
        <>
          <StatGroup>
            <Stat label={t("Today")} value={formatNumber(progress.today)} />
            <Stat label={t("Last 7 days")} value={formatNumber(progress.last_7_days)} />
            <Stat label={t("In all")} value={formatNumber(progress.total)} />
            <Stat label={t("Active today")} value={formatDuration(progress.active_seconds_today)} />
          </StatGroup>
          {progress.projects.length ? (
            <ul className={classes.projects}>
              {progress.projects.map((project) => (
                <Project key={project.id} project={project} />
              ))}
            </ul>
          ) : (
            <EmptyState
              title={t("You are in no project yet")}
              icon={<IconCoffee size={36} stroke={1.2} aria-hidden />}
            >
              {t("A researcher adds you; it then appears here.")}
            </EmptyState>
          )}
        </>
      )}
    </Page>
  );
}

function Project({ project }: { project: OwnProject }) {
  const { id, name, kind, state, description, submitted_count, has_lease, has_work } = project;
  const { t } = useTranslation();
  const isPaused = state !== "active";
  return (
    <li className={classes.project}>
      <div className={classes.about}>
        <h2 className={classes.name}>{name}</h2>
        <p className={classes.meta}>
          {t(KIND[kind])} · {t("{{count}} answers by you", { count: submitted_count })}
          {isPaused && (
            <Badge ml="xs" color="gray" tt="none">
              {t(STATE[state])}
            </Badge>
          )}
        </p>
        {description && <p className={classes.description}>{description}</p>}
      </div>
      {has_work && !isPaused ? (
        <Button
          renderRoot={(props) => (
            <Link to="/label/$projectId" params={{ projectId: String(id) }} {...props} />
          )}
          aria-label={has_lease ? t("Continue with {{name}}", { name }) : t("Start {{name}}", { name })}
        >
          {has_lease ? t("Continue") : t("Start")}
        </Button>
      ) : (
        <span className={classes.meta}>{isPaused ? t("Paused") : t("Nothing to do now")}</span>
      )}
    </li>
  );
}
