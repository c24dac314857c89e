/** Counts words as people do in any script: runs of letters, and each character of scripts that do not space words. */
const SEGMENTER =
  typeof Intl.Segmenter === "function" ? new Intl.Segmenter(undefined, { granularity: "word" }) : null;

export function countWords(text: string): number {
  if (!SEGMENTER) return text.split(/\s+/).filter(Boolean).length;
  let count = 0;
  for (const { isWordLike } of SEGMENTER.segment(text)) if (isWordLike) count++;
  return count;
}
