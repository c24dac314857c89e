import { SegmentedControl, Text, Textarea } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useDeferredValue, useEffect, useRef, useState } from "react";
import classes from "@/features/labeling/demonstration/Demonstration.module.css";
import { countWords } from "@/features/labeling/demonstration/words";
import { SubmitButton } from "@/features/labeling/task/SubmitButton";
import taskClasses from "@/features/labeling/task/Task.module.css";
import { TaskFrame } from "@/features/labeling/task/TaskFrame";
import type { Assignment, WorkMode } from "@/features/labeling/task/types";
import { useKeys } from "@/features/labeling/task/useKeys";
import { useTaskPanels } from "@/features/labeling/task/useTaskPanels";
import { useWork } from "@/features/labeling/task/useWork";
import { formatNumber, pluralize } from "@/ui/format";
import { Markdown } from "@/ui/Markdown";

const MAX_LENGTH = 100_000;

type Draft = { text: string; notes: string };
type Layout = "write" | "both" | "preview";

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
  // A phone's keyboard would hide the prompt that is to be read first.
  const isWide = useMediaQuery("(min-width: 48em)", false, { getInitialValueInEffect: false });
  useEffect(() => {
    if (isWide) editor.current?.focus();
  }, [isWide]);

  return (
    <TaskFrame
      assignment={assignment}
      mode={mode}
      scene="demonstration"
      work={work}
      panels={panels}
      onTakeOther={(content) => write(readDraft(content) ?? {})}
      onAskAgain={onAskAgain}
      onSkipped={onDone}
      footer={
        <>
          <Count text={draft.text} />
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
  const [layout, setLayout] = useState<Layout>("write");
  const previewed = useDeferredValue(draft.text);
  return (
    <div className={classes.editor}>
      <div className={classes.tools}>
        <h2 className={taskClasses.paneTitle}>Your response</h2>
        <SegmentedControl
          size="xs"
          aria-label="Editor"
          data={[
            { value: "write", label: "Write" },
            { value: "both", label: "Both" },
            { value: "preview", label: "Preview" },
          ]}
          value={layout}
          onChange={(value) => setLayout(value as Layout)}
        />
      </div>
      <div className={classes.panes} data-layout={layout}>
        {layout !== "preview" && (
          <Textarea
            ref={editor}
            aria-label="Your response"
            placeholder="Write the response that you would want to get. Markdown works."
            autosize
            minRows={14}
            maxLength={MAX_LENGTH}
            value={draft.text}
            error={isMissing && "Write a response first."}
            classNames={{ input: classes.textarea ?? "" }}
            onChange={(event) => write({ text: event.currentTarget.value })}
          />
        )}
        {layout !== "write" && (
          <section className={classes.preview} aria-label="Preview">
            {previewed.trim() ? (
              <Markdown text={previewed} isPlain={isPlain} />
            ) : (
              <Text c="dimmed">Nothing yet.</Text>
            )}
          </section>
        )}
      </div>
      <Textarea
        label="Notes for the researchers"
        placeholder="Optional"
        maxLength={10_000}
        autosize
        minRows={1}
        maxRows={8}
        value={draft.notes}
        onChange={(event) => write({ notes: event.currentTarget.value })}
      />
    </div>
  );
}

function Count({ text }: { text: string }) {
  const words = countWords(useDeferredValue(text));
  return (
    <span className={taskClasses.footerText} data-testid="word-count">
      {pluralize(words, "word")} · {formatNumber(text.length)} characters
    </span>
  );
}
