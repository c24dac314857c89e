import { memo } from "react";
import { ComparisonScreen } from "@/features/labeling/comparison/ComparisonScreen";
import { DemonstrationScreen } from "@/features/labeling/demonstration/DemonstrationScreen";
import { TaskHold } from "@/features/labeling/task/TaskHold";
import { type Done, type TaskSetting, TaskSettingContext } from "@/features/labeling/task/taskSetting";
import type { Assignment, WorkMode } from "@/features/labeling/task/types";
import { usePageTitle } from "@/ui/usePageTitle";

type TaskScreenProps = {
  assignment: Assignment;
  mode: WorkMode;
  /** Another number is a fresh screen. */
  screen: number;
  /** The same object for as long as the screen is the same. */
  setting: TaskSetting;
  onDone: (done?: Done) => void;
  onAskAgain: () => void;
};

/** The screen of the project's kind. What goes on around it does not render it anew. */
export const TaskScreen = memo(function TaskScreen({ screen, setting, ...task }: TaskScreenProps) {
  const { assignment, mode } = task;
  usePageTitle(assignment.project.name);
  const Screen = assignment.project.kind === "demonstration" ? DemonstrationScreen : ComparisonScreen;
  return (
    <TaskSettingContext value={setting}>
      <TaskHold assignment={assignment} mode={mode}>
        <Screen key={screen} {...task} />
      </TaskHold>
    </TaskSettingContext>
  );
});
