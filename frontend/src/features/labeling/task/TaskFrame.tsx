import { Button, Group } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Scene } from "@/features/labeling/keys";
import { InstructionsPanel } from "@/features/labeling/task/InstructionsPanel";
import { KeysDialog } from "@/features/labeling/task/KeysDialog";
import { ProblemNotice } from "@/features/labeling/task/ProblemNotice";
import { PromptPane } from "@/features/labeling/task/PromptPane";
import { saveTrouble } from "@/features/labeling/task/SaveStateLabel";
import { SkipDialog } from "@/features/labeling/task/SkipDialog";
import classes from "@/features/labeling/task/Task.module.css";
import { TaskBar } from "@/features/labeling/task/TaskBar";
import type { Assignment, WorkMode } from "@/features/labeling/task/types";
import type { TaskPanels } from "@/features/labeling/task/useTaskPanels";
import type { Work } from "@/features/labeling/task/useWork";
import { Key } from "@/ui/Key";

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
  onSkipped: () => void;
};

/** What both kinds of task share: bar, prompt, instructions, notices, dialogs. */
export function TaskFrame(props: TaskFrameProps) {
  const { assignment, mode, scene, work, panels, stages, footer, children } = props;
  const { t } = useTranslation();
  const trouble = saveTrouble(work.save);
  return (
    <div className={classes.screen}>
      <TaskBar
        assignment={assignment}
        mode={mode}
        work={work}
        onInstructions={panels.toggleInstructions}
        isInstructionsOpen={panels.isInstructionsOpen}
        onSkip={panels.openSkip}
        onHelp={panels.openHelp}
      >
        {stages}
      </TaskBar>
      <ProblemNotice work={work} onTakeOther={props.onTakeOther} onAskAgain={props.onAskAgain} />
      {work.otherCopy !== null && (
        <OtherCopy content={work.otherCopy} onTake={props.onTakeOther} panels={panels} />
      )}
      {panels.hasNewInstructions && <NewInstructions assignment={assignment} panels={panels} />}
      <div
        className={classes.body}
        data-prompt={panels.isPromptOpen ? "open" : "closed"}
        data-instructions={panels.isInstructionsOpen || undefined}
      >
        <PromptPane
          prompt={assignment.prompt}
          isOpen={panels.isPromptOpen}
          onToggle={panels.togglePrompt}
          isPlain={panels.isPlain}
        />
        <div className={classes.work}>
          <div className={classes.workBody}>{children}</div>
          <div className={classes.footer}>
            {trouble && work.sending.attempt === 0 && <p className={classes.trouble}>{t(trouble)}</p>}
            {footer}
          </div>
        </div>
        {panels.isInstructionsOpen && (
          <InstructionsPanel assignment={assignment} onClose={panels.closeInstructions} />
        )}
      </div>
      <SkipDialog
        assignment={assignment}
        isOpen={panels.dialog === "skip"}
        onClose={panels.closeDialog}
        onSkipped={props.onSkipped}
      />
      <KeysDialog scene={scene} isOpen={panels.dialog === "help"} onClose={panels.closeDialog} />
    </div>
  );
}

function NewInstructions({ assignment, panels }: { assignment: Assignment; panels: TaskPanels }) {
  const { number } = assignment.instruction_version;
  return (
    <div className={classes.notice} role="status">
      <Group gap="sm">
        {number > 1 ? `The instructions have changed: version ${number}.` : "This project has instructions."}
        <Button size="compact-sm" rightSection={<Key name="I" />} onClick={panels.toggleInstructions}>
          Read them
        </Button>
      </Group>
    </div>
  );
}

type OtherCopyProps = { content: unknown; onTake: (content: unknown) => void; panels: TaskPanels };

function OtherCopy({ content, onTake, panels }: OtherCopyProps) {
  if (panels.isOtherCopyDismissed) return null;
  return (
    <div className={classes.notice} data-kind="warning" role="status">
      <Group gap="sm">
        This browser has an older copy that never reached the server. You see the newer one.
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => {
            panels.dismissOtherCopy();
            onTake(content);
          }}
        >
          Use the older copy
        </Button>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={panels.dismissOtherCopy}>
          Close
        </Button>
      </Group>
    </div>
  );
}
