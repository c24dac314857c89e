import type { ReactNode } from "react";
import type { Assignment, WorkMode } from "@/features/labeling/task/types";
import { HELD } from "@/features/labeling/task/useKeys";
import { useOutbox } from "@/features/labeling/task/useOutbox";
import { WaitingBar } from "@/features/labeling/task/WaitingBar";

type TaskHoldProps = { assignment: Assignment; mode: WorkMode; children: ReactNode };

/**
 * Holds a task still while its answer is on its way: what would be changed now would not be in it. Only this renders when
 * an answer comes and goes, not the task within.
 */
export function TaskHold({ assignment, mode, children }: TaskHoldProps) {
  const waiting = useOutbox((state) =>
    state.waiting.find((entry) => entry.assignmentId === assignment.id && entry.mode === mode),
  );
  const isLate = useOutbox((state) => state.attempt > 0);
  return (
    <>
      <div inert={waiting !== undefined} {...(waiting && { [HELD]: "" })}>
        {children}
      </div>
      {waiting && isLate && <WaitingBar entry={waiting} />}
    </>
  );
}
