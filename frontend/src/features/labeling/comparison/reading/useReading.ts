/** How the responses are laid out for reading, and the keys that change it. */
import { useCallback, useState } from "react";
import type { ResponseId } from "@/features/labeling/comparison/answer";
import type { Command } from "@/features/labeling/keys";
import {
  type Columns,
  useColumns,
  useFoldLong,
  useScrollTogether,
} from "@/features/labeling/task/preferences";

const NONE: ReadonlySet<ResponseId> = new Set();

export function useReading(focused: ResponseId) {
  const [columns, setColumns] = useColumns();
  const [isTogether, setTogether] = useScrollTogether();
  const [isFolding, setFolding] = useFoldLong();
  // Not remembered: who sees differences in every new task has not read a text first.
  const [isDiffing, setDiffing] = useState(false);
  const [fitting, setFitting] = useState(4);
  const [opened, setOpened] = useState(NONE);
  const shown = Math.min(columns, fitting);

  const setOpen = useCallback((id: ResponseId, isOpen: boolean) => {
    setOpened((before) => new Set(isOpen ? [...before, id] : [...before].filter((other) => other !== id)));
  }, []);
  const toggleTogether = () => setTogether(!isTogether);
  const toggleFolding = () => {
    setFolding(!isFolding);
    setOpened(NONE);
  };
  const toggleDiff = () => setDiffing(!isDiffing);

  /** Returns whether the command was one of these. */
  const run = (command: Command): boolean => {
    const acts: Partial<Record<Command["type"], () => void>> = {
      columns: () => setColumns(((shown % fitting) + 1) as Columns),
      scrollTogether: toggleTogether,
      open: () => setOpen(focused, !opened.has(focused)),
      diff: toggleDiff,
    };
    acts[command.type]?.();
    return command.type in acts;
  };

  return {
    columns: shown,
    setColumns,
    fitting,
    setFitting,
    isTogether,
    toggleTogether,
    isFolding,
    toggleFolding,
    opened,
    setOpen,
    isDiffing,
    toggleDiff,
    run,
  };
}

export type Reading = ReturnType<typeof useReading>;
