/** When a long response is folded. */
export const FOLDED_PIXELS = 480;
/** Hiding less than this saves nobody anything. */
export const SLACK_PIXELS = 160;

export function isLong(pixels: number): boolean {
  return pixels > FOLDED_PIXELS + SLACK_PIXELS;
}
