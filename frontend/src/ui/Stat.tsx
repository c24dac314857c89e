import type { ReactNode } from "react";
import classes from "@/ui/Stat.module.css";

type StatProps = { label: string; value: ReactNode; hint?: ReactNode };

/** One number with its name. Stand several in a <StatGroup>. */
export function Stat({ label, value, hint }: StatProps) {
  return (
    <div className={classes.stat}>
      <dt className={classes.label}>{label}</dt>
      <dd className={classes.value}>{value}</dd>
      {hint && <dd className={classes.hint}>{hint}</dd>}
    </div>
  );
}

export function StatGroup({ children }: { children: ReactNode }) {
  return <dl className={classes.group}>{children}</dl>;
}
