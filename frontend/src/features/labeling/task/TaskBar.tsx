import { ActionIcon, Badge, Button } from "@mantine/core";
import { IconBook, IconClock, IconKeyboard, IconPlayerSkipForward } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { SaveStateLabel } from "@/features/labeling/task/SaveStateLabel";
import classes from "@/features/labeling/task/Task.module.css";
import type { Assignment, WorkMode } from "@/features/labeling/task/types";
import type { Work } from "@/features/labeling/task/useWork";
import { useElapsed, type WorkClock } from "@/features/labeling/task/workClock";
import { formatClock } from "@/ui/format";
import { Key } from "@/ui/Key";
import { Tooltip } from "@/ui/Tooltip";

const PRIORITY: Record<string, { label: string; explained: string }> = {
  helpful_first: {
    label: "Helpful first",
    explained:
      "When helpfulness and truthfulness or harmlessness pull apart, prefer the more helpful response.",
  },
  truthful_harmless_first: {
    label: "Truthful and harmless first",
    explained:
      "Prefer the truthful and harmless response, unless the other is much more helpful, only slightly worse in this, and the matter is not high-stakes.",
  },
};

type TaskBarProps = {
  assignment: Assignment;
  mode: WorkMode;
  work: Pick<Work, "clock" | "save">;
  onInstructions: () => void;
  isInstructionsOpen: boolean;
  onSkip: () => void;
  onHelp: () => void;
  children?: ReactNode;
};

export function TaskBar({ assignment, mode, work, children, ...on }: TaskBarProps) {
  const { project } = assignment;
  const priority = project.kind !== "demonstration" ? PRIORITY[project.priority_mode] : undefined;
  return (
    <div className={classes.bar}>
      <div className={classes.barTitle}>
        <h1 className={classes.projectName}>{project.name}</h1>
        {mode === "revise" && <Badge color="yellow">Editing</Badge>}
        {priority && (
          <Tooltip label={priority.explained} maw={300}>
            <Badge color="gray" tt="none" tabIndex={0} className={classes.priority}>
              {priority.label}
            </Badge>
          </Tooltip>
        )}
      </div>
      {children}
      <div className={classes.barTools}>
        <SaveStateLabel save={work.save} />
        <Elapsed clock={work.clock} />
        <Button
          variant={on.isInstructionsOpen ? "light" : "subtle"}
          color="gray"
          size="compact-md"
          leftSection={<IconBook size={16} stroke={1.6} aria-hidden />}
          aria-expanded={on.isInstructionsOpen}
          aria-keyshortcuts="i"
          onClick={on.onInstructions}
        >
          Instructions
        </Button>
        {mode === "label" && (
          <Button
            variant="subtle"
            color="gray"
            size="compact-md"
            leftSection={<IconPlayerSkipForward size={16} stroke={1.6} aria-hidden />}
            rightSection={<Key name="S" />}
            aria-keyshortcuts="s"
            onClick={on.onSkip}
          >
            Skip
          </Button>
        )}
        <Tooltip label="Keys (?)">
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label="Keys"
            aria-keyshortcuts="?"
            onClick={on.onHelp}
          >
            <IconKeyboard size={18} stroke={1.6} />
          </ActionIcon>
        </Tooltip>
      </div>
    </div>
  );
}

function Elapsed({ clock }: { clock: WorkClock }) {
  return (
    <span className={classes.elapsed}>
      <IconClock size={15} stroke={1.6} aria-hidden />
      <span role="timer" aria-label="Time on this task">
        {formatClock(useElapsed(clock))}
      </span>
    </span>
  );
}
