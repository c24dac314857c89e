import { Button, Checkbox, SegmentedControl, Select, Textarea } from "@mantine/core";
import { useState } from "react";
import { $api, invalidate, type Schemas } from "@/api/client";
import { fieldErrors, isStatus } from "@/api/errors";
import { options, USE_CASE } from "@/api/labels";
import classes from "@/features/review/Review.module.css";
import { ACTION, type Action, ANNOTATION } from "@/features/review/words";
import { FieldErrors } from "@/ui/FieldErrors";
import { pluralize } from "@/ui/format";
import { LanguageSelect } from "@/ui/LanguageSelect";
import { Section } from "@/ui/Page";
import { toast } from "@/ui/toasts";

type Reviewed = Schemas["ReviewedTask"];
type Prompt = Reviewed["prompt"];
/** What is known of a prompt; an annotation that is taken off is null. */
type Facts = Pick<Prompt, "use_case" | "language" | "deployment_context"> & {
  annotations: Record<string, boolean | null>;
};
type Changes = Schemas["PromptChangesRequest"];

const CHOICES: { value: Action; label: string; send: string; explained: string }[] = [
  {
    value: "answer",
    label: "Answer",
    send: "Send the answer",
    explained: "Each labeler who skipped, flagged or asked reads this in their own thread.",
  },
  {
    value: "correct",
    label: "Correct",
    send: "Correct the facts",
    explained:
      "What is known of the prompt, not its text: answers refer to it. Closed domain decides whether Hallucination is asked.",
  },
  {
    value: "replace",
    label: "Replace",
    send: "Replace the prompt",
    explained:
      "A corrected copy of the prompt takes its place, and this task is withdrawn. The old text stays on record.",
  },
  {
    value: "withdraw",
    label: "Withdraw",
    send: "Withdraw the task",
    explained: "Nobody is given the task any more. Whoever has it open is told, and keeps their draft.",
  },
  {
    value: "dismiss",
    label: "Dismiss",
    send: "Dismiss the reports",
    explained: "The task stays as it is. Say why.",
  },
];

/** One of five things to do about what is open, in one go: the reports on this screen are settled by it, no others. */
export function DecisionForm({ reviewed }: { reviewed: Reviewed }) {
  const flags = reviewed.flags.filter((flag) => flag.decision_id === null);
  const skips = reviewed.skips.filter((skip) => skip.decision_id === null);
  const messages = reviewed.threads.flatMap((thread) => thread.messages);
  const questions = messages.filter((message) => message.is_open);
  const openCount = flags.length + skips.length + questions.length;
  const isWithdrawn = reviewed.withdrawn_at !== null;
  const possible = CHOICES.filter(
    ({ value }) =>
      (openCount > 0 || !["answer", "dismiss"].includes(value)) &&
      (!isWithdrawn || !["withdraw", "replace"].includes(value)) &&
      (!reviewed.prompt.is_withheld || value !== "correct"),
  );
  const [chosen, setChosen] = useState<Action | null>(null);
  const action = possible.find(({ value }) => value === chosen)?.value ?? possible[0]?.value ?? "correct";
  const [note, setNote] = useState("");
  const [isReturned, setReturned] = useState(true);
  const [isArchived, setArchived] = useState(false);
  const [known, setKnown] = useState<Facts>(() => factsOf(reviewed.prompt));
  const [facts, setFacts] = useState(known);
  const [turns, setTurns] = useState(reviewed.prompt.messages);
  const decide = $api.useMutation("post", "/api/v1/review/{task_id}/decisions", {
    onSuccess: (_, { body }) => {
      toast({ message: `${ACTION[body.action].done}.` });
      setNote("");
      // A replacement's facts are its own.
      if (body.action === "correct") setKnown((before) => changed(before, body.changes));
    },
    // Also what somebody else has settled meanwhile shows at once.
    onSettled: () =>
      invalidate("/api/v1/review/{task_id}", "/api/v1/review", "/api/v1/review/counts", "/api/v1/skips"),
  });
  const canReturn =
    ["answer", "correct"].includes(action) &&
    skips.length > 0 &&
    !isWithdrawn &&
    reviewed.assignment_counts.open > 0;
  const send = () => {
    const changes =
      action === "correct"
        ? corrected(known, facts)
        : action === "replace"
          ? { messages: turns, ...corrected(known, facts) }
          : undefined;
    decide.mutate({
      params: { path: { task_id: reviewed.task_id } },
      body: {
        action,
        note,
        flag_ids: flags.map(({ id }) => id),
        skip_ids: skips.map(({ id }) => id),
        last_message_id: Math.max(0, ...messages.map(({ id }) => id)),
        return_to_labelers: canReturn && isReturned,
        archive_prompt: ["withdraw", "replace"].includes(action) && isArchived,
        ...(changes ? { changes } : {}),
      },
    });
  };
  const errors = fieldErrors(decide.error, ["note"]);
  const needsNote = ["answer", "withdraw", "dismiss"].includes(action);
  if (possible.length === 0) return null;
  return (
    <Section
      title="Decide"
      description={openCount ? `Settles ${pluralize(openCount, "open report")}.` : "Nothing is open here."}
    >
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <fieldset aria-label="What to do" className={classes.choices}>
          {possible.map(({ value, label }) => (
            <Button
              key={value}
              size="compact-md"
              variant={value === action ? "filled" : "default"}
              aria-pressed={value === action}
              onClick={() => setChosen(value)}
            >
              {label}
            </Button>
          ))}
        </fieldset>
        <div className={classes.dim}>{CHOICES.find(({ value }) => value === action)?.explained}</div>
        {action === "replace" && <Turns turns={turns} onChange={setTurns} kind={reviewed.project.kind} />}
        {["correct", "replace"].includes(action) && <FactFields facts={facts} onChange={setFacts} />}
        <Textarea
          label={action === "answer" ? "Answer" : "Note to the labelers"}
          description="Markdown. Each reads it in their own thread."
          required={needsNote}
          autosize
          minRows={3}
          maxRows={14}
          maxLength={10_000}
          dir="auto"
          value={note}
          error={errors.note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        {canReturn && (
          <Checkbox
            label={`Give the task back to ${skips.length === 1 ? "the labeler" : "those"} who skipped it`}
            description="It comes to them next, unless somebody else takes it before."
            checked={isReturned}
            onChange={(event) => setReturned(event.currentTarget.checked)}
          />
        )}
        {["withdraw", "replace"].includes(action) && (
          <Checkbox
            label="Archive the prompt"
            description="It then becomes no new task in any project, and no run samples it."
            checked={isArchived}
            onChange={(event) => setArchived(event.currentTarget.checked)}
          />
        )}
        <FieldErrors message={errors[""]} />
        {isStatus(decide.error, 409) && (
          <div className={classes.dim}>The page shows what stands now; look at it again.</div>
        )}
        <div className={classes.actions}>
          <Button
            type="submit"
            color={action === "withdraw" ? "red" : undefined}
            disabled={needsNote && !note.trim()}
            loading={decide.isPending}
          >
            {CHOICES.find(({ value }) => value === action)?.send}
          </Button>
        </div>
      </form>
    </Section>
  );
}

function factsOf({ use_case, annotations, language, deployment_context }: Prompt): Facts {
  return { use_case, annotations, language, deployment_context };
}

/** What was not touched stays as it is by now, each annotation by itself. */
function corrected(known: Facts, facts: Facts): Changes {
  const { annotations, ...others } = differing<unknown>(known, facts) as Partial<Facts>;
  if (!annotations) return others;
  return { ...others, change_annotations: differing(known.annotations, annotations) };
}

function differing<T>(before: Record<string, T>, after: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => value !== before[name]));
}

function changed(known: Facts, { messages: _, change_annotations, ...others }: Changes = {}): Facts {
  return { ...known, ...others, annotations: { ...known.annotations, ...change_annotations } };
}

function FactFields({ facts, onChange }: { facts: Facts; onChange: (facts: Facts) => void }) {
  return (
    <>
      <Select
        label="Use case"
        allowDeselect={false}
        data={options(USE_CASE)}
        value={facts.use_case}
        onChange={(value) => value && onChange({ ...facts, use_case: value as Facts["use_case"] })}
      />
      <LanguageSelect
        label="Language"
        placeholder="Not said"
        nothingFoundMessage="No language of that name. Its code works too, such as pt-BR."
        value={facts.language}
        onChange={(language) => onChange({ ...facts, language })}
      />
      <fieldset className={classes.annotations}>
        <legend className={classes.dim}>Annotations; a dash is “not known”, which is not a no.</legend>
        {Object.entries(ANNOTATION).map(([name, label]) => (
          <div key={name} className={classes.annotation}>
            <span id={`annotation-${name}`}>{label}</span>
            <SegmentedControl
              size="xs"
              aria-labelledby={`annotation-${name}`}
              data={[
                { value: "unknown", label: "–" },
                { value: "yes", label: "Yes" },
                { value: "no", label: "No" },
              ]}
              value={shownAs(facts.annotations[name])}
              onChange={(value) => {
                const isSo = value === "unknown" ? null : value === "yes";
                onChange({ ...facts, annotations: { ...facts.annotations, [name]: isSo } });
              }}
            />
          </div>
        ))}
      </fieldset>
    </>
  );
}

function shownAs(isSo: boolean | null | undefined): string {
  return isSo == null ? "unknown" : isSo ? "yes" : "no";
}

type TurnsProps = { turns: Prompt["messages"]; onChange: (turns: Prompt["messages"]) => void; kind: string };

function Turns({ turns, onChange, kind }: TurnsProps) {
  return (
    <>
      {turns.map((turn, index) => (
        <Textarea
          // biome-ignore lint/suspicious/noArrayIndexKey: turns are neither added nor moved here
          key={index}
          label={turns.length === 1 ? "Corrected prompt" : `Turn ${index + 1} (${turn.role})`}
          autosize
          minRows={3}
          maxRows={16}
          dir="auto"
          value={turn.content}
          onChange={(event) =>
            onChange(
              turns.map((one, at) => (at === index ? { ...one, content: event.currentTarget.value } : one)),
            )
          }
        />
      ))}
      {kind !== "demonstration" && (
        <div className={classes.dim}>
          The outputs were given to the old text and do not go along. Sample responses to the corrected
          prompt, then add it to the project.
        </div>
      )}
    </>
  );
}
