/** What a page knows of a task before its screen starts. */
import { createContext } from "react";
import type { LocalDraft } from "@/features/labeling/task/localDraft";
import type { Sent } from "@/features/labeling/task/sending";
import type { Assignment } from "@/features/labeling/task/types";

export type TaskSetting = {
  /** This browser's own copy of the draft. */
  local: LocalDraft | null;
  /** The slot that was shown in advance as the next one. */
  preferredId: React.RefObject<number | null>;
};

export const TaskSettingContext = createContext<TaskSetting>({ local: null, preferredId: { current: null } });

/** An answer that is on record, with what was on the screen, in case that it is undone. */
export type Done = { sent: Sent | null; assignment: Assignment; draft: unknown };
