import type { ReactNode } from "react";
import classes from "@/ui/StatusBadge.module.css";

export type Tone = "quiet" | "live" | "good" | "warn" | "bad";

/** A dot and a word: the word carries the meaning, the dot only helps to find it. */
export function StatusBadge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={classes.badge} data-tone={tone}>
      <span className={classes.dot} aria-hidden />
      {children}
    </span>
  );
}
