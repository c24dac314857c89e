/** Offers to take an answer back for some seconds, and does so. */
import { useCallback, useState, useSyncExternalStore } from "react";
import { api, invalidate } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { useMe } from "@/api/session";
import type { Done } from "@/features/labeling/task/taskSetting";
import type { Assignment, WorkMode } from "@/features/labeling/task/types";
import { setUndoable, undoable as stored, subscribeUndoable, UNDO_MS } from "@/features/labeling/undoable";

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
  const [error, setError] = useState<string | null>(null);

  const undo = useCallback(async () => {
    if (!undoable || isUndoing) return;
    setUndoing(true);
    try {
      const { assignmentId, submissionId, draft } = undoable;
      const { data } = await api.POST("/api/v1/assignments/{assignment_id}/undo", {
        params: { path: { assignment_id: assignmentId } },
        body: { submission_id: submissionId, content: draft as Record<string, unknown> },
      });
      void invalidate("/api/v1/progress", "/api/v1/history");
      if (data) onUndone(data);
    } catch (failure) {
      setError(errorMessage(failure));
    } finally {
      setUndoable(null);
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

/** What was just recorded can be undone; a skip, or what another tab sent, cannot. */
export function offerUndo(userId: number, mode: WorkMode, done: Done | undefined): void {
  const submissionId = done?.sent?.submission_id;
  if (done && submissionId) {
    const { assignment, draft } = done;
    const of = { userId, mode, projectId: assignment.project.id, assignmentId: assignment.id, submissionId };
    setUndoable({ ...of, draft, until: Date.now() + UNDO_MS });
  } else setUndoable(null);
}
