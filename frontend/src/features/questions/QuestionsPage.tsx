import { Badge } from "@mantine/core";
import { Link, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { $api, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { useEvents } from "@/api/events";
import classes from "@/features/questions/QuestionsPage.module.css";
import { Reports } from "@/features/questions/Reports";
import { ThreadView } from "@/features/questions/ThreadView";
import { EmptyState } from "@/ui/EmptyState";
import { FieldErrors } from "@/ui/FieldErrors";
import { Page, PageHeader, Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { withoutMarks } from "@/ui/withoutMarks";

type Summary = Schemas["ThreadSummary"];

/** The server follows no more topics at once: those of the threads come first. */
const WATCHED = 20;

/** What a person asked and was told, and what became of the tasks that they skipped and flagged. */
export function QuestionsPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/members/questions" });
  const { data, error } = $api.useQuery("get", "/api/v1/threads");
  const projects = $api.useQuery("get", "/api/v1/projects", {
    params: { query: { state: ["active", "paused"], page_size: WATCHED } },
  });
  const threads = data?.threads ?? [];
  const asked = threads.map(({ project_id }) => project_id);
  const watched = new Set([...asked, ...(projects.data?.results.map(({ id }) => id) ?? [])]);
  useEvents(
    [...watched]
      .slice(0, WATCHED)
      .map((id) => `labeling:${id}`)
      .sort(),
    [
      ["get", "/api/v1/threads"],
      ["get", "/api/v1/tasks/{task_id}/thread"],
      ["get", "/api/v1/projects/{project_id}/thread"],
      ["get", "/api/v1/reports"],
    ],
  );
  const shown = threads.find((thread) => isShown(thread, search)) ?? threads[0];
  return (
    <Page title={t("Questions")}>
      <PageHeader
        title={t("Questions")}
        description={t(
          "Your questions and their answers, and what became of the tasks that you skipped or flagged.",
        )}
      />
      {error && <FieldErrors message={errorMessage(error)} />}
      {data && !threads.length && (
        <EmptyState title={t("No questions yet")}>
          {t("Ask about a task with Q while you are at it. The answer comes there and here.")}
        </EmptyState>
      )}
      {shown && (
        <div className={classes.columns}>
          <ThreadList threads={threads} shown={shown} />
          <Section>
            <ThreadView key={`${shown.project_id}:${shown.task_id}`} thread={shown} />
          </Section>
        </div>
      )}
      <Reports />
    </Page>
  );
}

type Shown = { task?: number; project?: number };

function isShown(thread: Summary, { task, project }: Shown): boolean {
  return thread.task_id === null ? thread.project_id === project : thread.task_id === task;
}

function ThreadList({ threads, shown }: { threads: Summary[]; shown: Summary }) {
  const { t } = useTranslation();
  return (
    <nav aria-label={t("Threads")}>
      <ul className={classes.threads}>
        {threads.map((thread) => (
          <li key={`${thread.project_id}:${thread.task_id}`}>
            <Link
              to="/questions"
              search={thread.task_id === null ? { project: thread.project_id } : { task: thread.task_id }}
              className={classes.entry}
              aria-current={thread === shown || undefined}
            >
              <span className={classes.about}>
                {thread.task_id === null
                  ? t("Everybody in {{project}}", { project: thread.project_name })
                  : thread.project_name}
                {thread.unread > 0 && (
                  <span className={classes.unread}>{t("{{count}} new", { count: thread.unread })}</span>
                )}
              </span>
              {thread.prompt_text && (
                <span className={classes.excerpt} dir="auto">
                  “{withoutMarks(thread.prompt_text)}”
                </span>
              )}
              <span className={classes.excerpt} dir="auto">
                {withoutMarks(thread.last_message)}
              </span>
              <span className={classes.excerpt}>
                <RelativeTime at={thread.last_at} />
                {thread.is_open && thread.task_id !== null && (
                  <>
                    {" "}
                    <Badge size="xs" color="gray" tt="none">
                      {t("Waits for an answer")}
                    </Badge>
                  </>
                )}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
