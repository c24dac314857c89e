import { Alert, Button, Group } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Problem } from "@/features/labeling/task/problem";
import type { WorkMode } from "@/features/labeling/task/types";
import type { Work } from "@/features/labeling/task/useWork";
import { CopyButton } from "@/ui/CopyButton";
import { msg } from "@/ui/language";

type ProblemNoticeProps = {
  work: Pick<Work, "problem" | "save" | "keepMine" | "dismissProblem" | "asText">;
  /** Puts another copy of the draft on the screen. */
  onTakeOther: (content: unknown) => void;
  /** Asks for work again: the same task if it is still free, else the next one; of an edit, what is on record. */
  onAskAgain: () => void;
  mode: WorkMode;
};

const TITLE = {
  lost: msg("You no longer hold this task"),
  submitted: msg("This was submitted before"),
  conflict: msg("Another copy of this draft is newer"),
  refused: msg("The server did not take it"),
};

const SENTENCE = {
  submitted: msg("You have submitted this task already. You can still revise it from your history."),
  edited: msg("This answer was edited since in another tab or on another device."),
  conflict: msg("The draft was changed since in another tab or on another device."),
};

/** The server's reasons for a task that is lost, by their codes; what is not here is shown in the server's words. */
const REASON: Record<string, string> = {
  lease_lost: msg(
    "Nothing happened here for longer than the lease lasts, and the task went to somebody else.",
  ),
  lease_reopened: msg("You have opened this task again since. Go on there, or ask for it again here."),
  task_withdrawn: msg("A researcher has withdrawn this task."),
  already_skipped: msg("You have skipped this task."),
  submission_retracted: msg("You have undone this answer. Submit it anew."),
};

/** What stands between the labeler and the server. Nothing that was done is ever gone when this shows. */
export function ProblemNotice({ work, onTakeOther, onAskAgain, mode }: ProblemNoticeProps) {
  const { t } = useTranslation();
  const { problem, keepMine, dismissProblem } = work;
  if (!problem) return null;
  const text = sentenceOf(problem, mode);
  return (
    <Alert
      color={problem.kind === "refused" ? "red" : "yellow"}
      title={t(TITLE[problem.kind])}
      role="alert"
      icon={<IconAlertTriangle size={18} aria-hidden />}
      m="sm"
    >
      {text ? t(text) : problem.message}{" "}
      {problem.kind === "lost" &&
        (work.save.place === "nowhere"
          ? t("This browser refuses to store anything: copy what you did before you leave the page.")
          : t("What you did is kept in this browser and comes back with the task."))}
      <Group mt="xs" gap="xs">
        {problem.kind === "conflict" && (
          <>
            <Button size="compact-sm" onClick={keepMine}>
              {t("Keep what I see")}
            </Button>
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => {
                keepMine();
                onTakeOther(problem.other);
              }}
            >
              {t("Use the other copy")}
            </Button>
          </>
        )}
        {(problem.kind === "lost" || problem.kind === "submitted") && (
          <>
            <Button size="compact-sm" onClick={onAskAgain}>
              {mode === "revise"
                ? t("Show what is on record")
                : problem.kind === "lost"
                  ? t("Ask for it again")
                  : t("Next task")}
            </Button>
            <CopyButton value={work.asText()} label={t("Copy what I did")} />
          </>
        )}
        {problem.kind === "refused" && (
          <Button size="compact-sm" variant="default" onClick={dismissProblem}>
            {t("Close")}
          </Button>
        )}
      </Group>
    </Alert>
  );
}

/** Null where the server's own words are all there is. */
function sentenceOf(problem: Problem, mode: WorkMode): string | null {
  if (problem.kind === "refused") return null;
  if (problem.kind === "submitted" && mode === "revise") return SENTENCE.edited;
  return problem.kind === "lost" ? (REASON[problem.code] ?? null) : SENTENCE[problem.kind];
}
