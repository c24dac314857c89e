import { ActionIcon, Badge, Button, VisuallyHidden } from "@mantine/core";
import { mergeRefs } from "@mantine/hooks";
import {
  type Icon,
  IconBook,
  IconClock,
  IconFlag,
  IconKeyboard,
  IconMessageQuestion,
  IconPlayerSkipForward,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { SaveStateLabel } from "@/features/labeling/task/SaveStateLabel";
import panel from "@/features/labeling/task/SidePanel.module.css";
import classes from "@/features/labeling/task/Task.module.css";
import type { Assignment, WorkMode } from "@/features/labeling/task/types";
import type { Work } from "@/features/labeling/task/useWork";
import { useSpent, type WorkClock } from "@/features/labeling/task/workClock";
import { formatClock } from "@/ui/format";
import { heightOf, roomFor } from "@/ui/heights";
import { Key } from "@/ui/Key";
import { msg } from "@/ui/language";
import { Tooltip } from "@/ui/Tooltip";

const bar = mergeRefs(heightOf("--bar-height"), roomFor("--bar-height"));

const PRIORITY: Record<string, { label: string; explained: string }> = {
  helpful_first: {
    label: msg("Helpful first"),
    explained: msg(
      "When helpfulness and truthfulness or harmlessness pull apart, the more helpful response is the better one.",
    ),
  },
  truthful_harmless_first: {
    label: msg("Truthful and harmless first"),
    explained: msg(
      "The truthful and harmless response is the better one, unless another is much more helpful, only slightly worse in this, and the matter is not high-stakes.",
    ),
  },
};

type TaskBarProps = {
  assignment: Assignment;
  mode: WorkMode;
  work: Pick<Work, "clock" | "save">;
  onInstructions: () => void;
  isInstructionsOpen: boolean;
  onQuestions: () => void;
  isQuestionsOpen: boolean;
  /** Answers to questions that were not read yet. */
  unread: number;
  onFlag: () => void;
  onSkip: () => void;
  onHelp: () => void;
  children?: ReactNode;
};

type PriorityProps = { label: string; explained: string; className: string | undefined };

/** Stands beside the title, or on a narrow screen in the row that stays in sight: one of the two is shown. */
function Priority({ label, explained, className }: PriorityProps) {
  const { t } = useTranslation();
  return (
    <Tooltip label={t(explained)} maw={300}>
      <Badge color="gray" tt="none" tabIndex={0} className={className}>
        {t(label)}
      </Badge>
    </Tooltip>
  );
}

export function TaskBar({ assignment, mode, work, children, ...on }: TaskBarProps) {
  const { t } = useTranslation();
  const { project } = assignment;
  const priority = PRIORITY[project.priority_mode];
  return (
    <div ref={bar} className={classes.bar}>
      <div className={classes.barTitle}>
        <h1 className={classes.projectName} title={project.name}>
          {project.name}
        </h1>
        {mode === "revise" && <Badge color="yellow">{t("Editing")}</Badge>}
        {priority && <Priority {...priority} className={classes.priority} />}
      </div>
      <div className={classes.kept}>
        {children && <div className={classes.stages}>{children}</div>}
        <div className={classes.always}>
          {priority && <Priority {...priority} className={classes.shortPriority} />}
          <SaveStateLabel save={work.save} />
        </div>
      </div>
      <div className={classes.barTools}>
        <Elapsed clock={work.clock} />
        <div className={classes.acts}>
          <BarButton
            icon={IconBook}
            label={t("Instructions")}
            shortcut="i"
            isOpen={on.isInstructionsOpen}
            onClick={on.onInstructions}
          />
          <BarButton
            icon={IconMessageQuestion}
            label={t("Questions")}
            shortcut="q"
            isOpen={on.isQuestionsOpen}
            remark={on.unread > 0 && <Unread count={on.unread} />}
            onClick={on.onQuestions}
          />
          <BarButton
            icon={IconFlag}
            label={t("Flag")}
            shortcut="f"
            remark={<Key name="F" />}
            onClick={on.onFlag}
          />
          {mode === "label" && (
            <BarButton
              icon={IconPlayerSkipForward}
              label={t("Skip")}
              shortcut="s"
              remark={<Key name="S" />}
              onClick={on.onSkip}
            />
          )}
          <Tooltip label={t("Keys (?)")}>
            <ActionIcon
              variant="subtle"
              color="gray"
              className={classes.keyHint}
              aria-label={t("Keys")}
              aria-keyshortcuts="?"
              onClick={on.onHelp}
            >
              <IconKeyboard size={18} stroke={1.6} />
            </ActionIcon>
          </Tooltip>
        </div>
      </div>
    </div>
  );
}

type BarButtonProps = {
  icon: Icon;
  label: string;
  shortcut: string;
  /** Whether what it opens is open, where it opens a panel. */
  isOpen?: boolean;
  remark?: ReactNode;
  onClick: () => void;
};

/** On a phone its icon alone is seen. */
function BarButton({ icon: Icon, label, shortcut, isOpen, remark, onClick }: BarButtonProps) {
  return (
    <Button
      variant={isOpen ? "light" : "subtle"}
      color="gray"
      size="compact-md"
      className={classes.act}
      classNames={{ label: classes.actLabel }}
      leftSection={<Icon size={16} stroke={1.6} aria-hidden />}
      rightSection={remark}
      aria-expanded={isOpen}
      aria-keyshortcuts={shortcut}
      onClick={onClick}
    >
      {label}
    </Button>
  );
}

function Elapsed({ clock }: { clock: WorkClock }) {
  const { t } = useTranslation();
  const { elapsed, active } = useSpent(clock);
  const explained = t("{{active}} of it active: reading counts for half a minute after the last movement.", {
    active: formatClock(active),
  });
  return (
    <Tooltip label={explained} maw={260}>
      <span className={classes.elapsed}>
        <IconClock size={15} stroke={1.6} aria-hidden />
        <span role="timer" aria-label={t("Time on this task")}>
          {formatClock(elapsed)}
        </span>
        <span role="timer" className={classes.active} aria-label={t("Active time on this task")}>
          {formatClock(active)}
        </span>
      </span>
    </Tooltip>
  );
}

function Unread({ count }: { count: number }) {
  const { t } = useTranslation();
  return (
    <span className={panel.count} role="status">
      <span aria-hidden>{count > 99 ? "99+" : count}</span>
      <VisuallyHidden>{t("{{count}} new answers", { count })}</VisuallyHidden>
    </span>
  );
}
