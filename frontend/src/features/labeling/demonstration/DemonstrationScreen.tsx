import { Textarea } from "@mantine/core";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "@/features/labeling/demonstration/Demonstration.module.css";
import { SubmitButton } from "@/features/labeling/task/SubmitButton";
import taskClasses from "@/features/labeling/task/Task.module.css";
import { TaskFrame } from "@/features/labeling/task/TaskFrame";
import type { Assignment, WorkMode } from "@/features/labeling/task/types";
import { useKeys } from "@/features/labeling/task/useKeys";
import { useTaskPanels } from "@/features/labeling/task/useTaskPanels";
import { useWork } from "@/features/labeling/task/useWork";
import { TextCount } from "@/ui/TextCount";
import { useWriteAtOnce } from "@/ui/useWriteAtOnce";
import { Writer } from "@/ui/Writer";

const MAX_LENGTH = 100_000;

type Draft = { text: string; notes: string };

type DemonstrationScreenProps = {
  assignment: Assignment;
  mode: WorkMode;
  onDone: () => void;
  onAskAgain: () => void;
};

/** The labeler writes what the model should have said. */
export function DemonstrationScreen({ assignment, mode, onDone, onAskAgain }: DemonstrationScreenProps) {
  const work = useWork({ assignment, mode, onDone });
  const panels = useTaskPanels(assignment, mode);
  const [draft, setDraft] = useState<Draft>(() => readDraft(work.stored) ?? saidBefore(assignment));
  const [isMissing, setMissing] = useState(false);
  const editor = useRef<HTMLTextAreaElement>(null);

  const write = (change: Partial<Draft>) => {
    const next = { ...draft, ...change };
    setDraft(next);
    setMissing(false);
    work.change(next);
  };
  const isReady = draft.text.trim() !== "";
  const submit = () => {
    if (isReady) return void work.submit({ demonstration: draft.text, notes: draft.notes });
    setMissing(true);
    editor.current?.focus();
  };
  useKeys("demonstration", (command) => {
    if (!panels.runShared(command) && command.type === "submit") submit();
  });
  useWriteAtOnce(() => editor.current);

  return (
    <TaskFrame
      assignment={assignment}
      mode={mode}
      scene="demonstration"
      work={work}
      panels={panels}
      onTakeOther={(content) => write(readDraft(content) ?? {})}
      onAskAgain={onAskAgain}
      footer={
        <>
          <span className={taskClasses.footerText}>
            <TextCount text={draft.text} max={MAX_LENGTH} />
          </span>
          <div className={taskClasses.footerActions}>
            <SubmitButton isReady={isReady} sending={work.sending} mode={mode} onSubmit={submit} />
          </div>
        </>
      }
    >
      <Editor draft={draft} write={write} editor={editor} isMissing={isMissing} isPlain={panels.isPlain} />
    </TaskFrame>
  );
}

function readDraft(stored: unknown): Draft | null {
  if (typeof stored !== "object" || stored === null) return null;
  const { text, notes } = stored as Partial<Draft>;
  return typeof text === "string" ? { text, notes: typeof notes === "string" ? notes : "" } : null;
}

function saidBefore(assignment: Assignment): Draft {
  return { text: assignment.submission?.demonstration ?? "", notes: assignment.submission?.notes ?? "" };
}

type EditorProps = {
  draft: Draft;
  write: (change: Partial<Draft>) => void;
  editor: React.RefObject<HTMLTextAreaElement | null>;
  isMissing: boolean;
  isPlain: boolean;
};

function Editor({ draft, write, editor, isMissing, isPlain }: EditorProps) {
  const { t } = useTranslation();
  return (
    <div className={classes.editor}>
      <Writer
        ref={editor}
        label={t("Your response")}
        placeholder={t("Write the response that you would want to get. Markdown works.")}
        maxLength={MAX_LENGTH}
        value={draft.text}
        error={isMissing && t("Write a response first.")}
        isPlain={isPlain}
        onChange={(text) => write({ text })}
      />
      <Textarea
        label={t("Notes for the researchers")}
        placeholder={t("Optional")}
        maxLength={10_000}
        autosize
        minRows={1}
        maxRows={8}
        dir="auto"
        value={draft.notes}
        onChange={(event) => write({ notes: event.currentTarget.value })}
      />
    </div>
  );
}
