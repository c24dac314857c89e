/** The answer that can still be taken back. */
import { useCallback, useState } from "react";
import { api, invalidate } from "@/api/client";
import { errorMessage } from "@/api/errors";
import type { Done } from "@/features/labeling/task/taskSetting";
import type { Assignment } from "@/features/labeling/task/types";
import { UNDO_MS } from "@/features/labeling/UndoBar";

type Undoable = { assignmentId: number; submissionId: number; draft: unknown; until: number };

export function useUndo(onUndone: (assignment: Assignment) => void) {
  const [undoable, setUndoable] = useState<Undoable | null>(null);
  const [isUndoing, setUndoing] = useState(false);
  const [error, setError] = useState<string | null>(null);

  /** Offers to undo what was just submitted; a skip, or what another tab sent, is not offered. */
  const offer = useCallback((done: Done | undefined) => {
    setError(null);
    const submissionId = done?.sent?.submission_id;
    setUndoable(
      submissionId
        ? { assignmentId: done.assignment.id, submissionId, draft: done.draft, until: Date.now() + UNDO_MS }
        : null,
    );
  }, []);

  const undo = useCallback(async () => {
    if (!undoable || isUndoing) return;
    setUndoing(true);
    try {
      const { data } = await api.POST("/api/v1/assignments/{assignment_id}/undo", {
        params: { path: { assignment_id: undoable.assignmentId } },
        body: {
          submission_id: undoable.submissionId,
          content: undoable.draft as Record<string, unknown>,
        },
      });
      setUndoable(null);
      void invalidate("/api/v1/progress", "/api/v1/history");
      if (data) onUndone(data);
    } catch (failure) {
      setError(errorMessage(failure));
      setUndoable(null);
    } finally {
      setUndoing(false);
    }
  }, [undoable, isUndoing, onUndone]);

  return {
    undoable,
    isUndoing,
    error,
    offer,
    undo,
    close: useCallback(() => setUndoable(null), []),
    closeError: useCallback(() => setError(null), []),
  };
}
