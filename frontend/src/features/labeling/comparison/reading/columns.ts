/** How many columns fit, and how wide each is. All pure; widths are shares of the whole that add up to one. */

export const MOST_COLUMNS = 4;
/** Below this a line holds too few words to read. */
export const LEAST_COLUMN_PIXELS = 232;
export const GAP_PIXELS = 16;

/** How many columns of a readable width stand beside each other in `width` pixels. */
export function fittingColumns(width: number): number {
  const fitting = Math.floor((width + GAP_PIXELS) / (LEAST_COLUMN_PIXELS + GAP_PIXELS));
  return Math.max(1, Math.min(MOST_COLUMNS, fitting));
}

/** The width that the columns share. */
export function sharedPixels(width: number, columns: number): number {
  return Math.max(1, width - GAP_PIXELS * (columns - 1));
}

function equalShares(columns: number): number[] {
  return Array.from({ length: columns }, () => 1 / columns);
}

/** What was remembered, where it still is a division into so many columns that are all readable in `width` pixels. */
export function sharesOf(stored: unknown, columns: number, width: number): number[] {
  const equal = equalShares(columns);
  if (!Array.isArray(stored) || stored.length !== columns) return equal;
  const least = leastShare(columns, width);
  if (!stored.every((share) => typeof share === "number" && share >= least - 0.001)) return equal;
  const sum = stored.reduce((total: number, share: number) => total + share, 0);
  return Math.abs(sum - 1) < 0.01 ? stored.map((share: number) => share / sum) : equal;
}

/** The share that the least readable column takes; never more than an equal one. */
export function leastShare(columns: number, width: number): number {
  return Math.min(1 / columns, LEAST_COLUMN_PIXELS / sharedPixels(width, columns));
}

/** Moves the line after column `index` so that this column has `share`; only its two neighbours change. */
export function withShare(shares: number[], index: number, share: number, least: number): number[] {
  const both = (shares[index] ?? 0) + (shares[index + 1] ?? 0);
  const left = Math.max(least, Math.min(both - least, share));
  return shares.map((old, at) => (at === index ? left : at === index + 1 ? both - left : old));
}
