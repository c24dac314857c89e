import { Button, Group } from "@mantine/core";
import { type ReactNode, useEffect, useLayoutEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ERASED } from "@/api/errors";
import type { Scene } from "@/features/labeling/keys";
import { ErasedPrompt } from "@/features/labeling/task/ErasedPrompt";
import { KeysDialog } from "@/features/labeling/task/KeysDialog";
import { ProblemNotice } from "@/features/labeling/task/ProblemNotice";
import { PromptPane } from "@/features/labeling/task/PromptPane";
import { saveTrouble } from "@/features/labeling/task/SaveStateLabel";
import { SkipDialog } from "@/features/labeling/task/SkipDialog";
import classes from "@/features/labeling/task/Task.module.css";
import { TaskBar } from "@/features/labeling/task/TaskBar";
import { type Assignment, isAhead, type WorkMode } from "@/features/labeling/task/types";
import type { TaskPanels } from "@/features/labeling/task/useTaskPanels";
import type { Work } from "@/features/labeling/task/useWork";
import { heightOf, roomFor } from "@/ui/heights";
import { Key } from "@/ui/Key";
import { part } from "@/ui/part";

const footerRef = heightOf("--footer-height");
const bodyRef = roomFor("--notice-height");

// A task is read and answered without these; they come after it, before the network may go.
const InstructionsPanel = part(() => import("@/features/labeling/task/InstructionsPanel"));
const ThreadPanel = part(() => import("@/features/labeling/task/ThreadPanel"));
const FlagDialog = part(() => import("@/features/labeling/task/FlagDialog"));
const AFTER_PAINT_MS = 500;

type TaskFrameProps = {
  assignment: Assignment;
  mode: WorkMode;
  scene: Scene;
  work: Work;
  panels: TaskPanels;
  stages?: ReactNode;
  footer: ReactNode;
  children: ReactNode;
  onTakeOther: (content: unknown) => void;
  onAskAgain: () => void;
};

/** What both kinds of task share: bar, prompt, instructions, notices, dialogs. */
export function TaskFrame(props: TaskFrameProps) {
  const { assignment, mode, scene, work, panels, stages, footer, children } = props;
  const { t } = useTranslation();
  const trouble = saveTrouble(work.save);
  // The last task may have been left far down; the next one is read from its prompt.
  useLayoutEffect(() => {
    // Braces: scrollTo may return a promise, which React would call as the clean-up.
    window.scrollTo(0, 0);
  }, []);
  useEffect(() => {
    const parts = [InstructionsPanel, ThreadPanel, FlagDialog];
    const timer = setTimeout(() => parts.map(({ fetch }) => fetch().catch(() => undefined)), AFTER_PAINT_MS);
    return () => clearTimeout(timer);
  }, []);
  const isRefused = work.problem?.kind === "lost" && work.problem.code === ERASED;
  if (panels.news.isErased || isRefused)
    return <ErasedPrompt onNext={mode === "label" ? props.onAskAgain : undefined} />;
  return (
    <div className={classes.screen} data-ahead={isAhead(assignment) || undefined}>
      <TaskBar
        assignment={assignment}
        mode={mode}
        work={work}
        onInstructions={panels.toggleInstructions}
        isInstructionsOpen={panels.isInstructionsOpen}
        onQuestions={panels.toggleQuestions}
        isQuestionsOpen={panels.isQuestionsOpen}
        unread={panels.unread.total}
        onFlag={panels.openFlag}
        onSkip={panels.openSkip}
        onHelp={panels.openHelp}
      >
        {stages}
      </TaskBar>
      <ProblemNotice work={work} onTakeOther={props.onTakeOther} onAskAgain={props.onAskAgain} mode={mode} />
      {work.otherCopy !== null && (
        <OtherCopy content={work.otherCopy} onTake={props.onTakeOther} panels={panels} />
      )}
      {panels.news.isWithdrawn && !work.problem && <WithdrawnNotice onNext={props.onAskAgain} mode={mode} />}
      {panels.hasNewInstructions && <NewInstructions assignment={assignment} panels={panels} />}
      {panels.news.hasNewerInstructions && <NewerInstructions />}
      <div
        className={classes.body}
        data-prompt={panels.isPromptOpen ? "open" : "closed"}
        data-instructions={panels.sidePanel !== null || undefined}
      >
        <PromptPane
          prompt={assignment.prompt}
          isOpen={panels.isPromptOpen}
          onToggle={panels.togglePrompt}
          isPlain={panels.isPlain}
        />
        <div className={classes.work}>
          <div ref={bodyRef} className={classes.workBody}>
            {children}
          </div>
          <div className={classes.footer} ref={footerRef}>
            {trouble && work.sending.attempt === 0 && <p className={classes.trouble}>{t(trouble)}</p>}
            {footer}
          </div>
        </div>
        {panels.isInstructionsOpen && (
          <InstructionsPanel
            assignment={assignment}
            reading={panels.reading}
            onClose={panels.closeSidePanel}
          />
        )}
        {panels.isQuestionsOpen && (
          <ThreadPanel assignment={assignment} unread={panels.unread} onClose={panels.closeSidePanel} />
        )}
      </div>
      <SkipDialog
        assignment={assignment}
        isOpen={panels.dialog === "skip"}
        digit={panels.skipDigit}
        onClose={panels.closeDialog}
        skip={work.skip}
      />
      <LazyFlagDialog
        assignment={assignment}
        isOpen={panels.dialog === "flag"}
        onClose={panels.closeDialog}
      />
      <KeysDialog scene={scene} isOpen={panels.dialog === "help"} onClose={panels.closeDialog} />
    </div>
  );
}

type LazyFlagDialogProps = { assignment: Assignment; isOpen: boolean; onClose: () => void };

/** Stays once it was opened: what was written in it is there again. */
function LazyFlagDialog(props: LazyFlagDialogProps) {
  const [wasOpened, setOpened] = useState(false);
  if (props.isOpen && !wasOpened) setOpened(true);
  if (!wasOpened || !(props.isOpen || FlagDialog.isHere())) return null;
  return <FlagDialog {...props} />;
}

function NewInstructions({ assignment, panels }: { assignment: Assignment; panels: TaskPanels }) {
  const { t } = useTranslation();
  const { number } = assignment.instruction_version;
  const before = panels.reading.lastRead?.number;
  return (
    <div className={classes.notice} role="status">
      <Group gap="sm">
        {before
          ? t("The instructions have changed since you last read them: version {{before}} → {{number}}.", {
              before,
              number,
            })
          : t("This project has instructions.")}
        <Button size="compact-sm" rightSection={<Key name="I" />} onClick={panels.toggleInstructions}>
          {before ? t("See what changed") : t("Read them to the end")}
        </Button>
      </Group>
    </div>
  );
}

/** The version on this answer is the one that stood when the task was given. */
function NewerInstructions() {
  const { t } = useTranslation();
  return (
    <div className={classes.notice} role="status">
      {t(
        "New instructions have come in. They hold from your next task on; this one keeps those that you had.",
      )}
    </div>
  );
}

function WithdrawnNotice({ onNext, mode }: { onNext: () => void; mode: WorkMode }) {
  const { t } = useTranslation();
  if (mode === "revise")
    return (
      <div className={classes.notice} data-kind="warning" role="status">
        {t("A researcher has withdrawn this task. Your answer stays on record.")}
      </div>
    );
  return (
    <div className={classes.notice} data-kind="warning" role="alert">
      <Group gap="sm">
        {t(
          "A researcher has withdrawn this task while you were at it. You did nothing wrong; your draft is kept.",
        )}
        <Button size="compact-sm" onClick={onNext}>
          {t("Next task")}
        </Button>
      </Group>
    </div>
  );
}

type OtherCopyProps = { content: unknown; onTake: (content: unknown) => void; panels: TaskPanels };

function OtherCopy({ content, onTake, panels }: OtherCopyProps) {
  const { t } = useTranslation();
  if (panels.isOtherCopyDismissed) return null;
  return (
    <div className={classes.notice} data-kind="warning" role="status">
      <Group gap="sm">
        {t("This browser has an older copy that never reached the server. You see the newer one.")}
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => {
            panels.dismissOtherCopy();
            onTake(content);
          }}
        >
          {t("Use the older copy")}
        </Button>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={panels.dismissOtherCopy}>
          {t("Close")}
        </Button>
      </Group>
    </div>
  );
}
