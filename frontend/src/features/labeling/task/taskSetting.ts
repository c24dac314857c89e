/** What a page knows of a task before its screen starts, and what becomes of it while its answer is on its way. */
import { createContext } from "react";
import type { LocalDraft } from "@/features/labeling/task/localDraft";
import type { Problem } from "@/features/labeling/task/problem";
import type { Sent } from "@/features/labeling/task/sending";
import type { Assignment } from "@/features/labeling/task/types";

export type TaskSetting = {
  /** This browser's own copy of the draft. */
  local: LocalDraft | null;
  /** What the server said of the answer that brought the task back. */
  problem: Problem | null;
  /** The slot that the next claim should prefer. */
  preferredId: () => number | null;
  /** Shows the next task while this one's answer is on its way; false where there is none to show. */
  goAhead: () => boolean;
  /** Shows a task again whose answer was refused or taken back. */
  goBack: (left: Left) => void;
  /** Whether the page is still there to go back to. */
  isOpen: () => boolean;
  /** The answer that was to claim the task on the screen will not: every page tells of it now. */
  withoutClaim: () => void;
};

/** A task that nothing comes after. */
export const ALONE: TaskSetting = {
  local: null,
  problem: null,
  preferredId: () => null,
  goAhead: () => false,
  goBack: () => undefined,
  isOpen: () => false,
  withoutClaim: () => undefined,
};

export const TaskSettingContext = createContext(ALONE);

/** A task that was left before its answer had arrived. */
export type Left = { assignment: Assignment; local: LocalDraft; problem: Problem | null };

/** An answer or a skip that has arrived, with what was on the screen, in case that it is undone. */
export type Done = { sent: Sent | null; assignment: Assignment; draft: unknown };
