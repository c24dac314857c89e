import type { ReactNode } from "react";
import classes from "@/ui/Facts.module.css";

export type Fact = { label: string; value: ReactNode };

/** Names and values in two columns; a value that is missing is left out. */
export function Facts({ facts }: { facts: Fact[] }) {
  return (
    <dl className={classes.facts}>
      {facts
        .filter(({ value }) => value !== null && value !== undefined && value !== "" && value !== false)
        .map(({ label, value }) => (
          <div key={label} className={classes.fact}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
