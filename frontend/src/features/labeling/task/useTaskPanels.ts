/** What is open around a task, and the keys that both kinds of task share. */
import { useCallback, useState } from "react";
import type { Command } from "@/features/labeling/keys";
import { usePlainText, useSeenInstructions } from "@/features/labeling/task/preferences";
import type { Assignment, WorkMode } from "@/features/labeling/task/types";

export function useTaskPanels(assignment: Assignment, mode: WorkMode) {
  const [isPromptOpen, setPromptOpen] = useState(true);
  const [isInstructionsOpen, setInstructionsOpen] = useState(false);
  const [isOtherCopyDismissed, setOtherCopyDismissed] = useState(false);
  const [dialog, setDialog] = useState<"skip" | "help" | null>(null);
  const [isPlain, setPlain] = usePlainText();
  const [seen, setSeen] = useSeenInstructions(assignment.project.id);
  const { number } = assignment.instruction_version;

  const toggleInstructions = useCallback(() => {
    setInstructionsOpen((isOpen) => !isOpen);
    setSeen(number);
  }, [setSeen, number]);
  const closeInstructions = useCallback(() => setInstructionsOpen(false), []);
  const togglePrompt = useCallback(() => setPromptOpen((isOpen) => !isOpen), []);
  const openSkip = useCallback(() => {
    if (mode === "label") setDialog("skip");
  }, [mode]);
  const openHelp = useCallback(() => setDialog("help"), []);

  /** Returns whether the command was one of these. */
  const runShared = (command: Command): boolean => {
    const acts: Partial<Record<Command["type"], () => void>> = {
      prompt: togglePrompt,
      instructions: toggleInstructions,
      closeInstructions,
      plainText: () => setPlain(!isPlain),
      skip: openSkip,
      help: openHelp,
    };
    acts[command.type]?.();
    return command.type in acts;
  };

  return {
    isPromptOpen,
    isInstructionsOpen,
    isOtherCopyDismissed,
    isPlain,
    dialog,
    hasNewInstructions: mode === "label" && number > seen && !isInstructionsOpen,
    togglePrompt,
    toggleInstructions,
    closeInstructions,
    togglePlain: () => setPlain(!isPlain),
    openSkip,
    openHelp,
    closeDialog: useCallback(() => setDialog(null), []),
    dismissOtherCopy: useCallback(() => setOtherCopyDismissed(true), []),
    runShared,
  };
}

export type TaskPanels = ReturnType<typeof useTaskPanels>;
