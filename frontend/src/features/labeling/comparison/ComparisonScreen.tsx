import { SegmentedControl, VisuallyHidden } from "@mantine/core";
import { type Dispatch, useEffect, useLayoutEffect, useReducer, useRef } from "react";
import { useTranslation } from "react-i18next";
import {
  type Answer,
  answerOf,
  emptyAnswer,
  isComplete,
  readAnswer,
  submittedJudgments,
} from "@/features/labeling/comparison/answer";
import classes from "@/features/labeling/comparison/Comparison.module.css";
import { ComparisonFooter } from "@/features/labeling/comparison/ComparisonFooter";
import { formOf } from "@/features/labeling/comparison/form";
import { RankStage } from "@/features/labeling/comparison/RankStage";
import { RateStage } from "@/features/labeling/comparison/RateStage";
import { type Act, reduce, type Stage, type State, start } from "@/features/labeling/comparison/state";
import { useComparisonKeys } from "@/features/labeling/comparison/useComparisonKeys";
import { sentences } from "@/features/labeling/message";
import { TaskFrame } from "@/features/labeling/task/TaskFrame";
import type { Assignment, WorkMode } from "@/features/labeling/task/types";
import { useTaskPanels } from "@/features/labeling/task/useTaskPanels";
import { useWork } from "@/features/labeling/task/useWork";
import { Key } from "@/ui/Key";

type ComparisonScreenProps = {
  assignment: Assignment;
  mode: WorkMode;
  onDone: () => void;
  onAskAgain: () => void;
};

export function ComparisonScreen({ assignment, mode, onDone, onAskAgain }: ComparisonScreenProps) {
  const { t } = useTranslation();
  const work = useWork({ assignment, mode, onDone });
  const panels = useTaskPanels(assignment, mode);
  const [state, act] = useReducer(reduce, null, () => begin(assignment, work.stored));
  const { answer, order, view } = state;

  useChanges(answer, work.change);
  const submit = () => {
    if (!isComplete(answer, order, state.form)) return act({ type: "showMissing" });
    void work.submit({
      judgments: submittedJudgments(answer, order, state.form),
      answers: answer.answers,
      notes: answer.notes,
    });
  };
  const board = useComparisonKeys({ state, act, panels, submit });
  const top = useTopInSight(view.stage === "rate" ? view.focus : null);
  const takeOther = (content: unknown) => {
    const other = readAnswer(content, order, state.questionKeys, state.form);
    if (other) act({ type: "replace", answer: other });
  };

  return (
    <TaskFrame
      assignment={assignment}
      mode={mode}
      scene={view.stage}
      work={work}
      panels={panels}
      onTakeOther={takeOther}
      onAskAgain={onAskAgain}
      stages={<Stages stage={view.stage} act={act} />}
      footer={<ComparisonFooter state={state} act={act} submit={submit} sending={work.sending} mode={mode} />}
    >
      <VisuallyHidden role="status" aria-live="polite">
        {sentences(t, state.announcement)}
      </VisuallyHidden>
      <div ref={top} />
      {view.stage === "rate" ? (
        <RateStage assignment={assignment} state={state} act={act} isPlain={panels.isPlain} />
      ) : (
        <RankStage assignment={assignment} state={state} act={act} panels={panels} board={board} />
      )}
    </TaskFrame>
  );
}

function Stages({ stage, act }: { stage: Stage; act: Dispatch<Act> }) {
  const { t } = useTranslation();
  return (
    <>
      <SegmentedControl
        size="sm"
        color="spruce"
        className={classes.stageSwitch}
        aria-label={t("Stage")}
        data={[
          { value: "rate", label: t("1 · Rate each") },
          { value: "rank", label: t("2 · Rank all") },
        ]}
        value={stage}
        onChange={(value) => act({ type: "stage", stage: value as Stage })}
      />
      <Key name="G" />
    </>
  );
}

function begin(assignment: Assignment, stored: unknown): State {
  const order = assignment.responses.map((response) => response.id);
  const letters = Object.fromEntries(assignment.responses.map(({ id, letter }) => [id, letter]));
  const questionKeys = assignment.project.questions.map((question) => question.key as string);
  const form = formOf(assignment.project.kind, assignment.project.questions);
  const said = assignment.submission;
  const answer =
    readAnswer(stored, order, questionKeys, form) ??
    (said ? answerOf(said.judgments, said.notes, said.answers) : null) ??
    emptyAnswer(order);
  return start({ order, letters, questionKeys, form, answer });
}

/** What is read next is read from its first line, however far down the last one was left. */
function useTopInSight(shown: number | null) {
  const top = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another response, or all of them, have come
  useLayoutEffect(() => {
    const element = top.current;
    if (!element) return;
    // The bars that stay lie over the rest (`app/global.css`).
    const room = Number.parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop);
    if (element.getBoundingClientRect().top < room) element.scrollIntoView();
  }, [shown]);
  return top;
}

/** Saves on a change, never on a look. */
function useChanges(answer: Answer, change: (content: unknown) => void): void {
  const saved = useRef(answer);
  useEffect(() => {
    if (saved.current === answer) return;
    saved.current = answer;
    change(answer);
  }, [answer, change]);
}
