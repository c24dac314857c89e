import { ComparisonScreen } from "@/features/labeling/comparison/ComparisonScreen";
import { DemonstrationScreen } from "@/features/labeling/demonstration/DemonstrationScreen";
import type { Assignment, WorkMode } from "@/features/labeling/task/types";
import { usePageTitle } from "@/ui/usePageTitle";

type TaskScreenProps = { assignment: Assignment; mode: WorkMode; onDone: () => void; onAskAgain: () => void };

/** The screen of the project's kind, fresh for each assignment. */
export function TaskScreen(props: TaskScreenProps) {
  usePageTitle(props.assignment.project.name);
  const Screen = props.assignment.project.kind === "demonstration" ? DemonstrationScreen : ComparisonScreen;
  return <Screen key={props.assignment.id} {...props} />;
}
