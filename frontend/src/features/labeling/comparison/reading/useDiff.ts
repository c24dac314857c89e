import { startTransition, useEffect, useState } from "react";
import { type Diff, DiffQueue } from "@/features/labeling/comparison/reading/diffQueue";
import type { TaskResponse } from "@/features/labeling/task/types";
import { withoutMarks } from "@/ui/withoutMarks";

/** One worker for the page's life, started with the first comparison. */
const queue = new DiffQueue(
  () => new Worker(new URL("./diffWorker.ts", import.meta.url), { type: "module", name: "diff" }),
);

export type ShownDiff = { diff: Diff };

/**
 * How `own` differs from `basis`, sign by sign where the texts are shown plain, else in what is read; null while nothing is
 * asked for, or not there yet.
 */
export function useDiff(basis: TaskResponse | null, own: TaskResponse, isPlain: boolean): ShownDiff | null {
  const isAsked = basis !== null && basis.id !== own.id;
  const key = isAsked ? `${basis.id}:${own.id}:${isPlain}` : "";
  const [answer, setAnswer] = useState<{ key: string; diff: Diff } | null>(null);
  useEffect(() => {
    if (!isAsked || queue.known(key) !== undefined) return;
    const read = isPlain ? (text: string) => text : withoutMarks;
    return queue.ask(key, { basis: read(basis.text), text: read(own.text) }, (diff) =>
      startTransition(() => setAnswer({ key, diff })),
    );
  }, [isAsked, key, basis, own, isPlain]);
  if (!isAsked) return null;
  if (answer?.key === key) return { diff: answer.diff };
  const known = queue.known(key);
  return known === undefined ? null : { diff: known };
}
