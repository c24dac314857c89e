/** The keyboard of a comparison: commands become acts, and the browser's focus follows the screen's. */
import { type Dispatch, useEffect, useRef, useState } from "react";
import { isComplete } from "@/features/labeling/comparison/answer";
import { inOrder } from "@/features/labeling/comparison/proposal";
import { useReading } from "@/features/labeling/comparison/reading/useReading";
import { type Act, focusedId, type State } from "@/features/labeling/comparison/state";
import { type Command, isTextField } from "@/features/labeling/keys";
import { useKeys } from "@/features/labeling/task/useKeys";
import type { TaskPanels } from "@/features/labeling/task/useTaskPanels";

type Options = { state: State; act: Dispatch<Act>; panels: TaskPanels; submit: () => void };

export function useComparisonKeys({ state, act, panels, submit }: Options) {
  const reading = useReading(focusedId(state));
  const [isByRank, setByRank] = useState(false);
  const isFollowing = useRef(false);
  const { stage } = state.view;

  const run = (command: Command) => {
    if (panels.runShared(command) || reading.run(command)) return;
    if (command.type === "submit") {
      // From a text field too the focus goes to what is missing.
      isFollowing.current = !isComplete(state.answer, state.order, state.form);
      if (isFollowing.current) leaveTextField();
      submit();
    } else if (command.type === "byRank") setByRank((value) => !value);
    else if (command.type === "notes") focusNotes();
    else {
      const next = actOf(command, state, isByRank);
      if (!next) return;
      isFollowing.current = true;
      act(next);
    }
  };
  useKeys(stage, run);

  const { focus, question } = state.view;
  const { answer } = state;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each of these may have moved what the keyboard is on
  useEffect(() => {
    if (!isFollowing.current) return;
    isFollowing.current = false;
    if (isTextField(document.activeElement) || document.querySelector('[role="dialog"][aria-modal="true"]'))
      return;
    const element = document.querySelector<HTMLElement>(`[data-response="${state.order[focus]}"]`);
    element?.focus({ preventScroll: true });
    const marked = stage === "rate" ? document.querySelector("[data-marked]") : null;
    element?.scrollIntoView({ block: "nearest" });
    marked?.scrollIntoView({ block: "nearest" });
  }, [focus, question, stage, answer]);

  return { reading, isByRank, setByRank };
}

export type Board = ReturnType<typeof useComparisonKeys>;

/** The notes of the stage that is open; Escape leads back out of them. */
function focusNotes(): void {
  const notes = document.querySelector<HTMLTextAreaElement>("textarea[data-notes]");
  notes?.focus();
}

function leaveTextField(): void {
  if (isTextField(document.activeElement)) (document.activeElement as HTMLElement).blur();
}

function actOf(command: Command, state: State, isByRank: boolean): Act | null {
  const isRating = state.view.stage === "rate";
  const among = isByRank && !isRating ? inOrder(state.answer, state.order) : state.order;
  switch (command.type) {
    case "digit":
      if (!isRating) return { type: "place", rank: command.digit, moveOn: true };
      return state.form.asksQuality
        ? { type: "rate", quality: command.digit }
        : { type: "answerHere", value: command.digit };
    case "minus":
      return { type: "answerHere", value: -1 };
    case "clear":
      return isRating ? { type: "answerHere", value: null } : { type: "place", rank: null };
    case "yes":
      return { type: "answerHere", value: true };
    case "no":
      return { type: "answerHere", value: false };
    case "next":
      return { type: "move", by: 1, among };
    case "previous":
      return { type: "move", by: -1, among };
    case "questionDown":
      return { type: "moveQuestion", by: 1 };
    case "questionUp":
      return { type: "moveQuestion", by: -1 };
    case "stage":
      return { type: "stage", stage: isRating ? "rank" : "rate" };
    case "tie":
    case "tieGroup":
    case "accept":
    case "undo":
    case "redo":
      return { type: command.type };
    default:
      return null;
  }
}
