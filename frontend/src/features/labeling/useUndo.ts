/** Offers to take an answer or a skip back for some seconds, and does so. */
import { useCallback, useState, useSyncExternalStore } from "react";
import { api, invalidate } from "@/api/client";
import { errorMessage, isTransient } from "@/api/errors";
import { useMe } from "@/api/session";
import { contentAsText } from "@/features/labeling/task/asText";
import type { Done } from "@/features/labeling/task/taskSetting";
import type { Assignment, WorkMode } from "@/features/labeling/task/types";
import {
  setUndoable,
  undoable as stored,
  subscribeUndoable,
  UNDO_MS,
  type Undoable,
} from "@/features/labeling/undoable";

/** Of this person's answers in this mode, and of the project where one is given. */
export function useUndo(
  mode: WorkMode,
  projectId: number | null,
  onUndone: (assignment: Assignment) => void,
) {
  const userId = useMe().id;
  const latest = useSyncExternalStore(subscribeUndoable, stored);
  const isHere =
    latest?.userId === userId && latest.mode === mode && latest.projectId === (projectId ?? latest.projectId);
  const undoable = isHere ? latest : null;
  const [isUndoing, setUndoing] = useState(false);
  const [error, setError] = useState<NotUndone | null>(null);

  const undo = useCallback(async () => {
    if (!undoable || isUndoing) return;
    setUndoing(true);
    try {
      const { assignmentId, undoes, draft } = undoable;
      const { data } = await api.POST("/api/v1/assignments/{assignment_id}/undo", {
        params: { path: { assignment_id: assignmentId } },
        body: { ...undoes, content: draft as Record<string, unknown> },
      });
      void invalidate("/api/v1/progress", "/api/v1/history", "/api/v1/reports");
      setUndoable(null);
      if (data) onUndone(data);
    } catch (failure) {
      // Once more while there is time, where the server was not reached.
      if (!isTransient(failure)) setUndoable(null);
      setError({ message: errorMessage(failure), text: isSkip(undoable) ? textOf(undoable) : "" });
    } finally {
      setUndoing(false);
    }
  }, [undoable, isUndoing, onUndone]);

  return {
    undoable,
    isUndoing,
    error,
    undo,
    close: useCallback(() => setUndoable(null), []),
    closeError: useCallback(() => setError(null), []),
  };
}

/** Why not; and of a skip what was done on the task, which is in no history. */
type NotUndone = { message: string; text: string };

export function isSkip({ undoes }: Undoable): boolean {
  return "skip_id" in undoes;
}

function textOf({ draft }: Undoable): string {
  return contentAsText((draft as { content?: unknown }).content);
}

/** What has just arrived can be undone; what another tab sent cannot. */
export function offerUndo(userId: number, mode: WorkMode, done: Done | undefined): void {
  if (!done?.sent) {
    setUndoable(null);
    return;
  }
  const { assignment, draft, sent } = done;
  const undoes = "skip_id" in sent ? { skip_id: sent.skip_id } : { submission_id: sent.submission_id };
  const of = { userId, mode, projectId: assignment.project.id, assignmentId: assignment.id, undoes };
  setUndoable({ ...of, draft, until: Date.now() + UNDO_MS });
}
