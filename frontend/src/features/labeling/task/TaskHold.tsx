import { type ReactNode, useEffect, useRef } from "react";
import { type Assignment, isAhead, type WorkMode } from "@/features/labeling/task/types";
import { HELD } from "@/features/labeling/task/useKeys";
import { useOutbox } from "@/features/labeling/task/useOutbox";
import { WaitingBar } from "@/features/labeling/task/WaitingBar";

type TaskHoldProps = { assignment: Assignment; mode: WorkMode; children: ReactNode };

/**
 * Holds a task still while its answer is on its way: what would be changed now would not be in it. A task that is shown
 * ahead of its lease is free to be worked on. Only this renders when an answer comes and goes, not the task within.
 */
export function TaskHold({ assignment, mode, children }: TaskHoldProps) {
  const own = useOutbox(({ waiting }) =>
    waiting.find((entry) => entry.assignmentId === assignment.id && entry.mode === mode),
  );
  const before = useOutbox(({ waiting }) =>
    isAhead(assignment) ? waiting.find((entry) => entry.projectId === assignment.project.id) : undefined,
  );
  const isLate = useOutbox((state) => state.attempt > 0);
  const entry = own ?? before;
  return (
    <>
      <Held isHeld={own !== undefined}>{children}</Held>
      {entry && isLate && <WaitingBar entry={entry} isOfTaskBefore={!own} />}
    </>
  );
}

/** What is inert loses the focus; it gets it back. */
function Held({ isHeld, children }: { isHeld: boolean; children: ReactNode }) {
  const lastFocused = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!isHeld) return;
    const focused = lastFocused.current;
    return () => {
      if (focused?.isConnected && document.activeElement === document.body)
        focused.focus({ preventScroll: true });
    };
  }, [isHeld]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only remembers what inside had the focus
    <div
      inert={isHeld}
      {...(isHeld && { [HELD]: "" })}
      onFocus={({ target }) => {
        lastFocused.current = target;
      }}
      onBlur={() => {
        if (!isHeld) lastFocused.current = null;
      }}
    >
      {children}
    </div>
  );
}
