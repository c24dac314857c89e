/** The keyboard of a comparison: commands become acts, and the browser's focus follows the screen's. */
import { type Dispatch, useEffect, useRef, useState } from "react";
import type { Act, State } from "@/features/labeling/comparison/state";
import type { Command } from "@/features/labeling/keys";
import { type Columns, useColumns } from "@/features/labeling/task/preferences";
import { useKeys } from "@/features/labeling/task/useKeys";
import type { TaskPanels } from "@/features/labeling/task/useTaskPanels";

type Options = { state: State; act: Dispatch<Act>; panels: TaskPanels; submit: () => void };

export function useComparisonKeys({ state, act, panels, submit }: Options) {
  const [columns, setColumns] = useColumns();
  const [isByRank, setByRank] = useState(false);
  const isFollowing = useRef(false);
  const { stage } = state.view;

  const run = (command: Command) => {
    isFollowing.current = true;
    if (panels.runShared(command)) return;
    if (command.type === "submit") submit();
    else if (command.type === "columns") setColumns(((columns % 4) + 1) as Columns);
    else if (command.type === "byRank") setByRank((value) => !value);
    else {
      const next = actOf(command, state);
      if (next) act(next);
    }
  };
  useKeys(stage, run);

  const { focus, question } = state.view;
  const { answer } = state;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each of these may have moved what the keyboard is on
  useEffect(() => {
    if (!isFollowing.current) return;
    isFollowing.current = false;
    if (document.querySelector('[role="dialog"][aria-modal="true"]')) return;
    const element = document.querySelector<HTMLElement>(`[data-response="${state.order[focus]}"]`);
    element?.focus({ preventScroll: true });
    const marked = stage === "rate" ? document.querySelector("[data-marked]") : null;
    element?.scrollIntoView({ block: "nearest" });
    marked?.scrollIntoView({ block: "nearest" });
  }, [focus, question, stage, answer]);

  return { columns, setColumns, isByRank, setByRank };
}

export type Board = ReturnType<typeof useComparisonKeys>;

function actOf(command: Command, state: State): Act | null {
  const isRating = state.view.stage === "rate";
  switch (command.type) {
    case "digit":
      return isRating
        ? { type: "rate", quality: command.digit }
        : { type: "place", rank: command.digit, moveOn: true };
    case "clear":
      return isRating ? { type: "answerHere", value: null } : { type: "place", rank: null };
    case "yes":
      return { type: "answerHere", value: true };
    case "no":
      return { type: "answerHere", value: false };
    case "next":
      return { type: "move", by: 1 };
    case "previous":
      return { type: "move", by: -1 };
    case "questionDown":
      return { type: "moveQuestion", by: 1 };
    case "questionUp":
      return { type: "moveQuestion", by: -1 };
    case "stage":
      return { type: "stage", stage: isRating ? "rank" : "rate" };
    case "tie":
    case "undo":
    case "redo":
      return { type: command.type };
    default:
      return null;
  }
}
