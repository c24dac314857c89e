import { Textarea, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import type { Dispatch } from "react";
import { judgmentOf } from "@/features/labeling/comparison/answer";
import classes from "@/features/labeling/comparison/Comparison.module.css";
import { QualityScale } from "@/features/labeling/comparison/QualityScale";
import { QuestionList } from "@/features/labeling/comparison/QuestionList";
import { type Act, focusedId, type State } from "@/features/labeling/comparison/state";
import type { Assignment } from "@/features/labeling/task/types";
import { Markdown } from "@/ui/Markdown";

type RateStageProps = { assignment: Assignment; state: State; act: Dispatch<Act>; isPlain: boolean };

/** Each response on its own, before any is held against another. */
export function RateStage({ assignment, state, act, isPlain }: RateStageProps) {
  const id = focusedId(state);
  const response = assignment.responses.find((candidate) => candidate.id === id);
  if (!response) return null;
  const judgment = judgmentOf(state.answer, id);
  return (
    <div className={classes.rate}>
      <section
        className={classes.reading}
        data-response={id}
        tabIndex={-1}
        aria-label={`Response ${response.letter}, ${state.view.focus + 1} of ${state.order.length}`}
      >
        <Pager state={state} act={act} />
        <div className={classes.readingText}>
          <Markdown text={response.text} isPlain={isPlain} />
        </div>
      </section>
      <section className={classes.form} aria-label={`Rating of response ${response.letter}`}>
        {state.form.asksQuality && (
          <QualityScale
            name={`quality-${id}`}
            value={judgment.quality}
            onChange={(quality) => act({ type: "rate", id, quality })}
          />
        )}
        {assignment.project.questions.length > 0 && (
          <QuestionList
            questions={assignment.project.questions}
            answers={{ ...state.answer.answers, ...judgment.answers }}
            marked={state.view.question}
            name={`question-${id}`}
            onAnswer={(key, value) => act({ type: "answer", id, key, value })}
          />
        )}
        <Textarea
          label={`Notes on ${response.letter}`}
          placeholder="Optional"
          data-notes
          maxLength={10_000}
          autosize
          minRows={2}
          maxRows={8}
          value={judgment.notes}
          onChange={(event) => act({ type: "note", id, text: event.currentTarget.value })}
        />
      </section>
    </div>
  );
}

function Pager({ state, act }: { state: State; act: Dispatch<Act> }) {
  return (
    <nav className={classes.pager} aria-label="Responses">
      {state.order.map((id, index) => {
        const { quality } = judgmentOf(state.answer, id);
        return (
          <UnstyledButton
            key={id}
            className={classes.page}
            aria-current={index === state.view.focus ? "true" : undefined}
            onClick={() => act({ type: "focus", index })}
          >
            <VisuallyHidden>Response </VisuallyHidden>
            {state.letters[id]}
            {quality !== null && <VisuallyHidden>, quality </VisuallyHidden>}
            <span className={classes.pageQuality}>{quality ?? "–"}</span>
            {quality !== null && <IconCheck size={13} aria-hidden />}
          </UnstyledButton>
        );
      })}
    </nav>
  );
}
