import type { Schemas } from "@/api/client";
import { spaced } from "@/api/labels";
import classes from "@/features/review/Review.module.css";
import { ACTION, ANNOTATION } from "@/features/review/words";
import { TextLink } from "@/ui/links";
import { Markdown } from "@/ui/Markdown";
import { Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { StatusBadge } from "@/ui/StatusBadge";

type Decision = Schemas["Decision"];

/** Who decided what, and when. */
export function Decisions({ reviewed }: { reviewed: Schemas["ReviewedTask"] }) {
  return (
    <Section title="Decisions">
      <ol className={classes.decisions}>
        {reviewed.decisions.toReversed().map((decision) => (
          <li key={decision.id} className={classes.report} data-settled>
            <div className={classes.head}>
              <StatusBadge tone={ACTION[decision.action].tone}>{ACTION[decision.action].done}</StatusBadge>
              <span className={classes.dim}>
                {decision.decided_by.name || decision.decided_by.email},{" "}
                <RelativeTime at={decision.created_at} />
              </span>
            </div>
            {decision.note && <Markdown text={decision.note} />}
            <Changes decision={decision} />
            <Replacement decision={decision} />
          </li>
        ))}
      </ol>
    </Section>
  );
}

function Changes({ decision }: { decision: Decision }) {
  const changes = Object.entries(decision.changes).filter(([name]) => name !== "messages");
  return changes.map(([name, [before, after]]) => (
    <div key={name} className={classes.dim}>
      {spaced(name)}: {words(before)} → {words(after)}
    </div>
  ));
}

function words(value: unknown): string {
  if (typeof value === "string") return value ? spaced(value) : "not known";
  const known = Object.entries((value ?? {}) as Record<string, boolean>);
  return (
    known.map(([name, isSo]) => `${ANNOTATION[name] ?? name}: ${isSo ? "yes" : "no"}`).join(", ") ||
    "not known"
  );
}

function Replacement({ decision }: { decision: Decision }) {
  const { replacement_prompt_id: promptId, replacement_task_id: taskId } = decision;
  if (promptId === null) return null;
  return (
    <div className={classes.dim}>
      <TextLink to="/prompts/$promptId" params={{ promptId: String(promptId) }}>
        Prompt {promptId}
      </TextLink>{" "}
      takes its place
      {taskId === null ? (
        ". Sample responses to it, then add it to the project."
      ) : (
        <>
          {" in "}
          <TextLink to="/review/$taskId" params={{ taskId: String(taskId) }}>
            task {taskId}
          </TextLink>
        </>
      )}
    </div>
  );
}
