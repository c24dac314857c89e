import { Badge, Group, Text } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { $api, type Schemas } from "@/api/client";
import { ERASED_PROMPT } from "@/api/labels";
import { rowId } from "@/api/rowId";
import classes from "@/features/projects/Projects.module.css";
import { Conversation } from "@/ui/Conversation";
import { Facts } from "@/ui/Facts";
import { formatClock } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { Markdown } from "@/ui/Markdown";
import { Notice } from "@/ui/Notice";
import { Page, PageHeader, Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { SourceName } from "@/ui/SourceName";

type Submission = Schemas["SubmissionDetail"];

export function SubmissionPage() {
  const id = rowId(useParams({ from: "/members/submissions/$submissionId" }).submissionId);
  const { data: submission } = $api.useSuspenseQuery("get", "/api/v1/submissions/{submission_id}", {
    params: { path: { submission_id: id } },
  });
  const { labeler, project } = submission;
  const who = (
    <TextLink to="/people/$userId" params={{ userId: String(labeler.id) }}>
      {labeler.name || labeler.email}
    </TextLink>
  );
  return (
    <Page title={`Submission ${id}`}>
      <PageHeader
        title={`Submission ${id}`}
        description={
          <>
            <TextLink
              to="/projects/$projectId"
              params={{ projectId: String(project.id) }}
              search={{ tab: "submissions" }}
            >
              {project.name}
            </TextLink>{" "}
            · {who}, <RelativeTime at={submission.created_at} />
            {!submission.is_latest && " · replaced by a later revision"}
          </>
        }
      />
      {submission.is_withheld && (
        <Notice tone="warn" title="Its texts are withheld">
          {submission.prompt.is_withheld ? "Whoever sent the prompt" : "Whoever gave this answer"} asked for
          deletion. Ranks, ratings and times stay on record; this is in no future version of a dataset.
        </Notice>
      )}
      <div className={classes.columns}>
        <Section title="Prompt">
          {submission.prompt.is_withheld ? (
            <Text c="dimmed">{ERASED_PROMPT}: whoever sent it asked for deletion.</Text>
          ) : (
            <div dir="auto">
              <Conversation messages={submission.prompt.messages} />
            </div>
          )}
          <Text size="sm" mt="sm">
            <TextLink to="/prompts/$promptId" params={{ promptId: String(submission.prompt.id) }}>
              Prompt {submission.prompt.id}
            </TextLink>
          </Text>
        </Section>
        <Section title="How it was given">
          <Facts
            facts={[
              { label: "Labeler", value: who },
              { label: "Revision", value: submission.revision },
              {
                label: "Instructions",
                value: (
                  <TextLink
                    to="/projects/$projectId"
                    params={{ projectId: String(project.id) }}
                    search={{ tab: "instructions" }}
                  >
                    version {submission.instruction_number}
                  </TextLink>
                ),
              },
              { label: "Active", value: formatClock(submission.active_seconds) },
              { label: "Elapsed", value: formatClock(submission.elapsed_seconds) },
              { label: "Notes", value: submission.notes },
            ]}
          />
          <Group gap={6} mt={6}>
            <Answers answers={submission.answers} />
          </Group>
        </Section>
      </div>
      {submission.demonstration && (
        <Section title="Demonstration">
          <div dir="auto">
            <Markdown text={submission.demonstration} />
          </div>
        </Section>
      )}
      {submission.judgments.length > 0 && <Ranking submission={submission} />}
    </Page>
  );
}

function Ranking({ submission }: { submission: Submission }) {
  const judgments = [...submission.judgments].sort(
    (a, b) => a.rank - b.rank || a.shown_position - b.shown_position,
  );
  return (
    <Section title="Ranking" description="Best first; those with the same rank are tied.">
      <ol className={classes.judgments}>
        {judgments.map((judgment) => (
          <li key={judgment.response_id} className={classes.judgment}>
            <div>
              <div className={classes.rank}>Rank {judgment.rank}</div>
              {judgment.quality !== null && (
                <Text size="xs" c="dimmed">
                  {judgment.quality} of 7
                </Text>
              )}
            </div>
            <div style={{ minWidth: 0 }}>
              <div dir="auto">
                <Markdown text={judgment.text} />
              </div>
              <Group gap={6} mt={6}>
                <Answers answers={judgment.answers} />
              </Group>
              <Text size="xs" c="dimmed" mt={6}>
                From <SourceName {...judgment} />
              </Text>
              {judgment.notes && (
                <Text size="sm" mt={4}>
                  “{judgment.notes}”
                </Text>
              )}
            </div>
          </li>
        ))}
      </ol>
    </Section>
  );
}

/** Yes, no, or a number on a scale; with the names of the questions. */
function Answers({ answers }: { answers: Submission["answers"] }) {
  const { data: questions } = $api.useQuery("get", "/api/v1/questions", {}, { staleTime: 3_600_000 });
  return Object.entries(answers).map(([key, answer]) => {
    const question = questions?.find((candidate) => candidate.key === key);
    const said = typeof answer === "number" ? answer : answer ? "yes" : "no";
    return (
      <Badge key={key} tt="none" color={answer ? undefined : "gray"}>
        {question?.label ?? key}: {said}
        {typeof answer === "number" && question && ` of ${question.minimum} to ${question.maximum}`}
      </Badge>
    );
  });
}
