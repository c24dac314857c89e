/** A run's curves in the browser: rows as the server sends them, and the charts that they make. */
import { metricLabel } from "@/api/labels";
import type { Series } from "@/ui/chartSeries";

export type Row = Record<string, number>;
export type ChartSpec = { title: string; metrics: string[] };

const NOT_CURVES = new Set(["step", "time"]);
/** What is measured of best-of-n, once and before the first step, has a chart of its own. */
export const BEST_OF = /^best_of_(\d+)_/;

/** Appends rows. A step smaller than the one before comes from a resumed attempt and replaces all from there on. */
export function mergeRows(kept: Row[], rows: Row[]): Row[] {
  const merged = [...kept];
  for (const row of rows) {
    const step = row.step ?? 0;
    if (step < (merged.at(-1)?.step ?? 0)) {
      const from = merged.findIndex((earlier) => (earlier.step ?? 0) >= step);
      if (from >= 0) merged.length = from;
    }
    merged.push(row);
  }
  return merged;
}

export function metricNames(rows: Row[]): string[] {
  const names = new Set<string>();
  for (const row of rows)
    for (const name of Object.keys(row)) if (!NOT_CURVES.has(name) && !BEST_OF.test(name)) names.add(name);
  return [...names];
}

export function pointsOf(rows: Row[], metric: string): Series["points"] {
  return rows.flatMap((row) => {
    const value = row[metric];
    return value === undefined || row.step === undefined ? [] : [[row.step, value] as [number, number]];
  });
}

/** What people look at first; the rest follows in the trainer's order. */
const FIRST = [
  "reward_mean",
  "gold_mean",
  "kl_nats",
  "loss",
  "accuracy",
  "objective_mean",
  "value_loss",
  "policy_loss",
];

/** One chart a metric, with its validation figure beside it in the same chart. */
export function chartsOf(names: string[]): ChartSpec[] {
  const taken = new Set<string>();
  const rank = (name: string) => (FIRST.indexOf(name) + FIRST.length + 1) % (FIRST.length + 1);
  const ordered = [...names].sort((a, b) => rank(a) - rank(b));
  return ordered.flatMap((name) => {
    const partner = `validation_${name}`;
    if (taken.has(name) || (name.startsWith("validation_") && names.includes(name.slice(11)))) return [];
    taken.add(name);
    return [{ title: metricLabel(name), metrics: names.includes(partner) ? [name, partner] : [name] }];
  });
}

export function seriesOf(rows: Row[], metrics: string[]): Series[] {
  return metrics.map((metric, index) => ({
    label: index ? "validation" : metrics.length > 1 ? "training" : metricLabel(metric),
    points: pointsOf(rows, metric),
  }));
}

/** A chart needs two points; what was measured once is a number. */
export function isCurve(series: Series[]): boolean {
  return series.some(({ points }) => points.length > 1);
}

/** The same metric of several runs in one chart; a run that has none of it is left out. */
export function compareSeries(runs: { label: string; rows: Row[] }[], metric: string): Series[] {
  return runs.flatMap(({ label, rows }) => {
    const points = pointsOf(rows, metric);
    return points.length ? [{ label, points }] : [];
  });
}

/** Metrics that two runs share come first: those are what comparing is about. */
export function comparedMetrics(runs: Row[][]): string[] {
  const names = runs.map(metricNames);
  const all = [...new Set(names.flat())];
  const share = (name: string) => names.filter((of) => of.includes(name)).length;
  return chartsOf(all)
    .flatMap((chart) => chart.metrics)
    .sort((a, b) => share(b) - share(a));
}
