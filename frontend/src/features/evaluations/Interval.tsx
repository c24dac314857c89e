import type { Schemas } from "@/api/client";
import classes from "@/features/evaluations/Results.module.css";
import { formatNumber, formatPercent } from "@/ui/format";

export type Estimate = Schemas["Estimate"];

/** "62 % (48 to 74)" */
export function RateText({ estimate }: { estimate: Estimate | null }) {
  if (!estimate) return <span className={classes.none}>–</span>;
  const { value, low, high } = estimate;
  return (
    <span className={classes.number}>
      <b>{formatPercent(value)}</b>
      {low !== null && high !== null && (
        <span className={classes.interval}>
          {" "}
          ({Math.round(low * 100)} to {Math.round(high * 100)})
        </span>
      )}
    </span>
  );
}

/** "4.21 (3.90 to 4.52)" */
export function MeanText({ estimate }: { estimate: Estimate | null }) {
  if (!estimate) return <span className={classes.none}>–</span>;
  const { value, low, high } = estimate;
  return (
    <span className={classes.number}>
      <b>{formatNumber(value, 2)}</b>
      {low !== null && high !== null && (
        <span className={classes.interval}>
          {" "}
          ({formatNumber(low, 2)} to {formatNumber(high, 2)})
        </span>
      )}
    </span>
  );
}

/** The estimate with its interval between 0 and 1, a line where neither is better. For the eyes: the text says the same. */
export function IntervalBar({ estimate }: { estimate: Estimate | null }) {
  const percent = (value: number) => `${value * 100}%`;
  return (
    <div className={classes.track} aria-hidden>
      <div className={classes.half} />
      {estimate?.low != null && estimate.high != null && (
        <div
          className={classes.whisker}
          style={{ left: percent(estimate.low), width: percent(estimate.high - estimate.low) }}
        />
      )}
      {estimate && <div className={classes.dot} style={{ left: percent(estimate.value) }} />}
    </div>
  );
}
