import { Badge, Text } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { $api, type Schemas } from "@/api/client";
import { useEvents } from "@/api/events";
import { ERASED_PROMPT, USE_CASE } from "@/api/labels";
import { rowId } from "@/api/rowId";
import { DecisionForm } from "@/features/review/DecisionForm";
import { Decisions } from "@/features/review/Decisions";
import { ReportList } from "@/features/review/ReportList";
import classes from "@/features/review/Review.module.css";
import { TaskThreads } from "@/features/review/TaskThreads";
import { ANNOTATION } from "@/features/review/words";
import { Conversation } from "@/ui/Conversation";
import { pluralize } from "@/ui/format";
import { languageName } from "@/ui/languages";
import { TextLink } from "@/ui/links";
import { Markdown } from "@/ui/Markdown";
import { Notice } from "@/ui/Notice";
import { Page, PageHeader, Section } from "@/ui/Page";

type Reviewed = Schemas["ReviewedTask"];

/** One task with all that was said of it, and what can be done. */
export function ReviewTaskPage() {
  const id = rowId(useParams({ from: "/members/review/$taskId" }).taskId);
  const { data: reviewed } = $api.useSuspenseQuery("get", "/api/v1/review/{task_id}", {
    params: { path: { task_id: id } },
  });
  useEvents(
    [`labeling:${reviewed.project.id}`],
    [["get", "/api/v1/review/{task_id}", { params: { path: { task_id: id } } }]],
  );
  return (
    <Page title={`Review of task ${id}`}>
      <PageHeader title={`Task ${id}`} description={<About reviewed={reviewed} />} />
      {reviewed.withdrawn_at && (
        <Notice tone="warn" title="This task is withdrawn">
          Nobody is given it any more. What was answered stays on record.
        </Notice>
      )}
      <div className={classes.columns}>
        <div className={classes.column}>
          <PromptSection reviewed={reviewed} />
          {reviewed.responses.length > 0 && !reviewed.prompt.is_withheld && <Responses reviewed={reviewed} />}
          {reviewed.notes.length > 0 && <Notes reviewed={reviewed} />}
        </div>
        <div className={classes.column}>
          <ReportList reviewed={reviewed} />
          <TaskThreads reviewed={reviewed} />
          <DecisionForm reviewed={reviewed} />
          {reviewed.decisions.length > 0 && <Decisions reviewed={reviewed} />}
        </div>
      </div>
    </Page>
  );
}

function About({ reviewed }: { reviewed: Reviewed }) {
  const { open, leased, submitted } = reviewed.assignment_counts;
  return (
    <>
      <TextLink to="/review">Review</TextLink> ·{" "}
      <TextLink
        to="/projects/$projectId"
        params={{ projectId: String(reviewed.project.id) }}
        search={{ tab: "review" }}
      >
        {reviewed.project.name}
      </TextLink>{" "}
      · {pluralize(submitted, "answer")}, {leased} in work, {open} waiting
      {reviewed.replaces_task_id && (
        <>
          {" · replaces "}
          <TextLink to="/review/$taskId" params={{ taskId: String(reviewed.replaces_task_id) }}>
            task {reviewed.replaces_task_id}
          </TextLink>
        </>
      )}
    </>
  );
}

function PromptSection({ reviewed: { prompt } }: { reviewed: Reviewed }) {
  return (
    <Section
      title="Prompt"
      actions={
        <TextLink to="/prompts/$promptId" params={{ promptId: String(prompt.id) }}>
          Prompt {prompt.id}
        </TextLink>
      }
    >
      {prompt.deployment_context && (
        <Text size="sm" c="dimmed" mb="sm" dir="auto">
          {prompt.deployment_context}
        </Text>
      )}
      {prompt.is_withheld ? (
        <Text c="dimmed">{ERASED_PROMPT}: whoever sent it asked for deletion.</Text>
      ) : (
        <div dir="auto">
          <Conversation messages={prompt.messages} />
        </div>
      )}
      <div className={classes.head} style={{ marginTop: "0.75rem", gap: 6 }}>
        <Badge color="gray" tt="none">
          {USE_CASE[prompt.use_case]}
        </Badge>
        {prompt.language && (
          <Badge color="gray" tt="none">
            {languageName(prompt.language)}
          </Badge>
        )}
        {Object.entries(prompt.annotations).map(([name, isSo]) => (
          <Badge key={name} color="gray" tt="none">
            {ANNOTATION[name] ?? name}: {isSo ? "yes" : "no"}
          </Badge>
        ))}
        {prompt.archived_at && (
          <Badge color="yellow" tt="none">
            archived
          </Badge>
        )}
      </div>
    </Section>
  );
}

function Responses({ reviewed }: { reviewed: Reviewed }) {
  const flagged = new Set(
    reviewed.flags.filter((flag) => flag.decision_id === null).map((flag) => flag.response_id),
  );
  return (
    <Section title="Outputs" description="Each labeler sees them in an order and under letters of their own.">
      <ol className={classes.responses}>
        {reviewed.responses.map((response) => (
          <li
            key={response.id}
            className={classes.response}
            data-flagged={flagged.has(response.id) || undefined}
          >
            <div className={classes.dim}>
              Output {response.number}
              {flagged.has(response.id) && " · flagged"}
            </div>
            <div dir="auto">
              <Markdown text={response.text} />
            </div>
          </li>
        ))}
      </ol>
    </Section>
  );
}

function Notes({ reviewed }: { reviewed: Reviewed }) {
  const numbers = new Map(reviewed.responses.map(({ id, number }) => [id, number]));
  return (
    <Section title="Notes of those who answered">
      <ul className={classes.reports}>
        {reviewed.notes.map((note) => (
          <li key={note.id} className={classes.report} data-settled>
            <div className={classes.head}>
              <strong>{note.labeler.name || note.labeler.email}</strong>
              <TextLink to="/submissions/$submissionId" params={{ submissionId: String(note.id) }}>
                answer
              </TextLink>
            </div>
            {note.notes && <div dir="auto">{note.notes}</div>}
            {note.responses.map((response) => (
              <div key={response.response_id} dir="auto">
                <span className={classes.dim}>Output {numbers.get(response.response_id)}: </span>
                {response.notes}
              </div>
            ))}
          </li>
        ))}
      </ul>
    </Section>
  );
}
