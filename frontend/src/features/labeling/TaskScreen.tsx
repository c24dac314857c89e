import { memo, type RefObject, useMemo } from "react";
import { ComparisonScreen } from "@/features/labeling/comparison/ComparisonScreen";
import { DemonstrationScreen } from "@/features/labeling/demonstration/DemonstrationScreen";
import type { LocalDraft } from "@/features/labeling/task/localDraft";
import { TaskHold } from "@/features/labeling/task/TaskHold";
import { type Done, TaskSettingContext } from "@/features/labeling/task/taskSetting";
import type { Assignment, WorkMode } from "@/features/labeling/task/types";
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
  const Screen = assignment.project.kind === "demonstration" ? DemonstrationScreen : ComparisonScreen;
  return (
    <TaskSettingContext value={setting}>
      <TaskHold assignment={assignment} mode={mode}>
        <Screen key={assignment.id} {...task} />
      </TaskHold>
    </TaskSettingContext>
  );
});
