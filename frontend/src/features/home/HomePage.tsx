import { useTranslation } from "react-i18next";
import { $api } from "@/api/client";
import { useEvents } from "@/api/events";
import { hasRole, useMe } from "@/api/session";
import { AdminHome } from "@/features/home/AdminHome";
import { LabelerHome } from "@/features/home/LabelerHome";
import { ResearcherHome } from "@/features/home/ResearcherHome";
import { msg } from "@/ui/language";
import { Page, PageHeader } from "@/ui/Page";

const HOME_KEY = ["get", "/api/v1/home"];

export function HomePage() {
  const me = useMe();
  const isResearcher = hasRole(me, "researcher");
  const isAdmin = hasRole(me, "admin");
  const { data } = $api.useSuspenseQuery("get", "/api/v1/home");
  const projects =
    data.researcher?.queues.map(({ project }) => project.id) ?? data.labeler.projects.map(({ id }) => id);
  const topics = projects.slice(0, MAX_WATCHED).map((id) => `labeling:${id}`);
  if (isResearcher) topics.push("datasets", "runs");
  if (isAdmin) topics.push("system");
  useEvents(topics, [HOME_KEY]);
  const { t } = useTranslation();
  const first = me.name?.split(" ")[0];
  return (
    <Page title={t("Home")}>
      <PageHeader
        title={first ? t("Hello, {{name}}", { name: first }) : t("Home")}
        description={t(GREETING[data.role])}
      />
      {data.admin && <AdminHome admin={data.admin} />}
      {data.researcher && <ResearcherHome researcher={data.researcher} />}
      {(!isResearcher || data.labeler.projects.length > 0) && (
        <LabelerHome progress={data.labeler} isOnlyPart={!isResearcher} />
      )}
    </Page>
  );
}

/** The server takes at most twenty topics a connection. */
const MAX_WATCHED = 16;

const GREETING = {
  labeler: msg("Your next work, and what you have done."),
  researcher: "How the labeling goes.",
  admin: "Runs, machines, and how the labeling goes.",
} as const;
