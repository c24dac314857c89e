import { Alert, Button, Group } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { Work } from "@/features/labeling/task/useWork";

type ProblemNoticeProps = {
  work: Pick<Work, "problem" | "keepMine" | "dismissProblem">;
  /** Puts another copy of the draft on the screen. */
  onTakeOther: (content: unknown) => void;
  /** Asks for work again: the same task if it is still free, else the next one. */
  onAskAgain: () => void;
};

const TITLE = {
  lost: "You no longer hold this task",
  submitted: "This was submitted before",
  conflict: "Another copy of this draft is newer",
  refused: "The server did not take it",
};

/** What stands between the labeler and the server. Nothing that was done is ever gone when this shows. */
export function ProblemNotice({ work, onTakeOther, onAskAgain }: ProblemNoticeProps) {
  const { problem, keepMine, dismissProblem } = work;
  if (!problem) return null;
  return (
    <Alert
      color={problem.kind === "refused" ? "red" : "yellow"}
      title={TITLE[problem.kind]}
      role="alert"
      icon={<IconAlertTriangle size={18} aria-hidden />}
      m="sm"
    >
      {problem.message}
      {problem.kind === "lost" && " What you did is kept in this browser and comes back with the task."}
      <Group mt="xs" gap="xs">
        {problem.kind === "conflict" && (
          <>
            <Button size="compact-sm" onClick={keepMine}>
              Keep what I see
            </Button>
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => {
                keepMine();
                onTakeOther(problem.other);
              }}
            >
              Use the other copy
            </Button>
          </>
        )}
        {problem.kind === "lost" && (
          <Button size="compact-sm" onClick={onAskAgain}>
            Ask for it again
          </Button>
        )}
        {problem.kind === "submitted" && (
          <Button size="compact-sm" onClick={onAskAgain}>
            Next task
          </Button>
        )}
        {problem.kind === "refused" && (
          <Button size="compact-sm" variant="default" onClick={dismissProblem}>
            Close
          </Button>
        )}
      </Group>
    </Alert>
  );
}
