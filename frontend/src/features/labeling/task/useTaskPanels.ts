/** What is open around a task, and the keys that both kinds of task share. */
import { useCallback, useState } from "react";
import type { Command } from "@/features/labeling/keys";
import { type SidePanelName, useOpenPanel, usePlainText } from "@/features/labeling/task/preferences";
import type { Assignment, WorkMode } from "@/features/labeling/task/types";
import { useInstructionRead } from "@/features/labeling/task/useInstructionRead";
import { useTaskNews, useUnread } from "@/features/labeling/task/useUnread";

/** Where a panel lies above the task, it is opened on purpose each time. */
const STACKED = "(max-width: 70em)";

export function useTaskPanels(assignment: Assignment, mode: WorkMode) {
  const [isPromptOpen, setPromptOpen] = useState(true);
  const [isOtherCopyDismissed, setOtherCopyDismissed] = useState(false);
  const [dialog, setDialog] = useState<"skip" | "flag" | "help" | null>(null);
  const [isPlain, setPlain] = usePlainText();
  const { sidePanel, toggleSidePanel, closeSidePanel } = useSidePanel();
  const reading = useInstructionRead(assignment);
  const unread = useUnread(assignment);
  const news = useTaskNews(assignment);
  const { number } = assignment.instruction_version;
  const { lastRead } = reading;

  const toggleInstructions = useCallback(() => toggleSidePanel("instructions"), [toggleSidePanel]);
  const toggleQuestions = useCallback(() => toggleSidePanel("questions"), [toggleSidePanel]);
  const togglePrompt = useCallback(() => setPromptOpen((isOpen) => !isOpen), []);
  const [skipDigit, setSkipDigit] = useState<number | null>(null);
  const openSkip = useCallback(
    (digit: number | null = null) => {
      if (mode !== "label") return;
      setSkipDigit(digit);
      setDialog("skip");
    },
    [mode],
  );
  const openFlag = useCallback(() => setDialog("flag"), []);
  const openHelp = useCallback(() => setDialog("help"), []);

  /** Returns whether the command was one of these. */
  const runShared = (command: Command): boolean => {
    const acts: Partial<Record<Command["type"], () => void>> = {
      prompt: togglePrompt,
      instructions: toggleInstructions,
      questions: toggleQuestions,
      closeInstructions: closeSidePanel,
      plainText: () => setPlain(!isPlain),
      skip: () => openSkip(command.type === "skip" ? command.digit : null),
      flag: openFlag,
      help: openHelp,
    };
    acts[command.type]?.();
    return command.type in acts;
  };

  return {
    isPromptOpen,
    sidePanel,
    isInstructionsOpen: sidePanel === "instructions",
    isQuestionsOpen: sidePanel === "questions",
    isOtherCopyDismissed,
    isPlain,
    dialog,
    skipDigit,
    reading,
    unread,
    news,
    /** Null is somebody who has read none; what is not known yet says nothing. */
    hasNewInstructions:
      mode === "label" &&
      lastRead !== undefined &&
      number > (lastRead?.number ?? 0) &&
      sidePanel !== "instructions",
    togglePrompt,
    toggleInstructions,
    toggleQuestions,
    closeSidePanel,
    togglePlain: () => setPlain(!isPlain),
    openSkip: () => openSkip(),
    openFlag,
    openHelp,
    closeDialog: useCallback(() => setDialog(null), []),
    dismissOtherCopy: useCallback(() => setOtherCopyDismissed(true), []),
    runShared,
  };
}

function useSidePanel() {
  const [remembered, remember] = useOpenPanel();
  const [sidePanel, setSidePanel] = useState(() => (window.matchMedia(STACKED).matches ? null : remembered));
  const show = useCallback(
    (name: SidePanelName | null) => {
      setSidePanel(name);
      remember(name);
    },
    [remember],
  );
  const toggleSidePanel = useCallback(
    (name: SidePanelName) => show(sidePanel === name ? null : name),
    [show, sidePanel],
  );
  const closeSidePanel = useCallback(() => show(null), [show]);
  return { sidePanel, toggleSidePanel, closeSidePanel };
}

export type TaskPanels = ReturnType<typeof useTaskPanels>;
