import { Textarea, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import type { Dispatch } from "react";
import { useTranslation } from "react-i18next";
import { judgmentOf, unrated } from "@/features/labeling/comparison/answer";
import classes from "@/features/labeling/comparison/Comparison.module.css";
import { QualityScale } from "@/features/labeling/comparison/QualityScale";
import { QuestionList } from "@/features/labeling/comparison/QuestionList";
import { EndMark } from "@/features/labeling/comparison/reading/EndMark";
import { type Act, focusedId, type State } from "@/features/labeling/comparison/state";
import type { Assignment } from "@/features/labeling/task/types";
import { Markdown } from "@/ui/Markdown";

type RateStageProps = { assignment: Assignment; state: State; act: Dispatch<Act>; isPlain: boolean };

/** Each response on its own, before any is held against another. */
export function RateStage({ assignment, state, act, isPlain }: RateStageProps) {
  const { t } = useTranslation();
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
        aria-label={t("Response {{letter}}, {{number}} of {{total}}", {
          letter: response.letter,
          number: state.view.focus + 1,
          total: state.order.length,
        })}
      >
        <Pager state={state} act={act} />
        <div className={classes.readingText}>
          <Markdown text={response.text} isPlain={isPlain} />
          <EndMark key={id} id={id} />
        </div>
      </section>
      <section
        className={classes.form}
        aria-label={t("Rating of response {{letter}}", { letter: response.letter })}
      >
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
          label={t("Notes on {{letter}}", { letter: response.letter })}
          placeholder={t("Optional")}
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
  const { t } = useTranslation();
  const open = unrated(state.answer, state.order, state.form);
  return (
    <nav className={classes.pager} aria-label={t("Responses")}>
      {state.order.map((id, index) => {
        const { quality } = judgmentOf(state.answer, id);
        const letter = state.letters[id];
        return (
          <UnstyledButton
            key={id}
            className={classes.page}
            aria-current={index === state.view.focus ? "true" : undefined}
            onClick={() => act({ type: "focus", index })}
          >
            <VisuallyHidden>
              {quality === null
                ? t("Response {{letter}}", { letter })
                : t("Response {{letter}}, quality {{quality}}", { letter, quality })}
            </VisuallyHidden>
            <span aria-hidden>{letter}</span>
            {state.form.asksQuality && (
              <span className={classes.pageQuality} aria-hidden>
                {quality ?? "–"}
              </span>
            )}
            {!open.includes(id) && <IconCheck size={13} aria-hidden />}
          </UnstyledButton>
        );
      })}
    </nav>
  );
}
