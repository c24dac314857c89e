import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { Assignment } from "@/features/labeling/task/types";
import { UndoBar } from "@/features/labeling/UndoBar";
import { useUndo } from "@/features/labeling/useUndo";
import { toast } from "@/ui/toasts";

/** On the history, after an edit was saved: the way back to it. */
export function UndoEdit() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const onUndone = useCallback(
    ({ id }: Assignment) =>
      void navigate({ to: "/history/$assignmentId", params: { assignmentId: String(id) } }),
    [navigate],
  );
  const { undoable, isUndoing, error, undo, close, closeError } = useUndo("revise", null, onUndone);
  useEffect(() => {
    if (!error) return;
    toast({ title: t("Not undone."), message: error.message, isBad: true });
    closeError();
  }, [error, closeError, t]);
  if (!undoable) return null;
  return (
    <UndoBar
      key={undoable.until}
      until={undoable.until}
      isUndoing={isUndoing}
      onUndo={() => void undo()}
      onClose={close}
    />
  );
}
