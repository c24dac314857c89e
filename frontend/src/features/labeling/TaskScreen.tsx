import { memo, type RefObject, useMemo } from "react";
import { ComparisonScreen } from "@/features/labeling/comparison/ComparisonScreen";
import { DemonstrationScreen } from "@/features/labeling/demonstration/DemonstrationScreen";
import type { LocalDraft } from "@/features/labeling/task/localDraft";
import { type Done, TaskSettingContext } from "@/features/labeling/task/taskSetting";
import type { Assignment, WorkMode } from "@/features/labeling/task/types";
import { useOutbox } from "@/features/labeling/task/useOutbox";
import { WaitingBar } from "@/features/labeling/task/WaitingBar";
import { usePageTitle } from "@/ui/usePageTitle";

type TaskScreenProps = {
  assignment: Assignment;
  mode: WorkMode;
  local: LocalDraft | null;
  preferredId: RefObject<number | null>;
  onDone: (done?: Done) => void;
  onAskAgain: () => void;
};

/** The screen of the project's kind, fresh for each assignment. What goes on around it does not render it anew. */
export const TaskScreen = memo(function TaskScreen({ local, preferredId, ...task }: TaskScreenProps) {
  const { assignment, mode } = task;
  usePageTitle(assignment.project.name);
  const setting = useMemo(() => ({ local, preferredId }), [local, preferredId]);
  const waiting = useOutbox((state) =>
    state.attempt > 0
      ? state.waiting.find((entry) => entry.assignmentId === assignment.id && entry.mode === mode)
      : undefined,
  );
  const Screen = assignment.project.kind === "demonstration" ? DemonstrationScreen : ComparisonScreen;
  return (
    <TaskSettingContext value={setting}>
      {/* What would be changed now would not be in the answer that is on its way. */}
      <div inert={waiting !== undefined}>
        <Screen key={assignment.id} {...task} />
      </div>
      {waiting && <WaitingBar entry={waiting} />}
    </TaskSettingContext>
  );
});
