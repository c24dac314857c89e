/** Curves as a chart draws them: many series over one common, sorted axis, with gaps where a series says nothing. */
export type Series = {
  label: string;
  points: [x: number, y: number][];
  /** Its points come in no order of x, so that no line joins them. */
  isUnordered?: boolean;
};
export type Aligned = { x: number[]; ys: (number | null)[][] };

export function align(series: Series[]): Aligned {
  const x = [...new Set(series.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b);
  const place = new Map(x.map((at, index) => [at, index]));
  const ys = series.map(({ points }) => {
    const column: (number | null)[] = new Array(x.length).fill(null);
    for (const [at, value] of points) {
      const index = place.get(at);
      if (index !== undefined) column[index] = Number.isFinite(value) ? value : null;
    }
    return column;
  });
  return { x, ys };
}

/** An exponential average without the start's pull to zero; `weight` 0 changes nothing. */
export function smooth(points: Series["points"], weight: number): Series["points"] {
  let sum = 0;
  let norm = 0;
  return points.map(([x, y]) => {
    if (!Number.isFinite(y)) return [x, y];
    sum = sum * weight + (1 - weight) * y;
    norm = norm * weight + (1 - weight);
    return [x, sum / norm];
  });
}

/** Four significant digits, and powers of ten only where they are shorter. */
export function formatValue(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3)
    return value
      .toExponential(2)
      .replace("e+", "e")
      .replace(/\.?0+e/, "e");
  if (size >= 1000) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(4)));
}

/** The axis of a constant, rounding aside: a tenth of it to either side. Null where the values differ. */
export function valueRange(low: number, high: number): [number, number] | null {
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (Math.abs(high - low) > size * 1e-9) return null;
  const room = size / 10 || 1;
  return [low - room, high + room];
}

/** One number of each bar. */
export type Bars = { label: string; values: number[] };

/**
 * Bars from zero in the order in which they are painted, so that each leaves what is behind it to see. Stacked ones
 * reach as far as all before them together. `place` is the series', for its colour.
 */
export function layered(series: Bars[], isStacked: boolean): { place: number; values: number[] }[] {
  const layers = series.map(({ values }, place) => ({
    place,
    values: isStacked
      ? values.map((_, bar) =>
          series.slice(0, place + 1).reduce((sum, one) => sum + (one.values[bar] ?? 0), 0),
        )
      : values,
  }));
  const size = ({ values }: { values: number[] }) => values.reduce((sum, value) => sum + value, 0);
  return isStacked ? layers.reverse() : layers.sort((one, other) => size(other) - size(one));
}
