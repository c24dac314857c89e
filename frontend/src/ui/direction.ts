/** Which way a text is read: the direction of its first letter that has one, as Unicode has it for paragraphs. */
export type Direction = "ltr" | "rtl";

const LETTER = /\p{L}/u;
const RIGHT_TO_LEFT =
  /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Samaritan}\p{Script=Mandaic}\p{Script=Adlam}]/u;

export function directionOf(text: string): Direction | null {
  const first = LETTER.exec(text);
  if (!first) return null;
  return RIGHT_TO_LEFT.test(first[0]) ? "rtl" : "ltr";
}

/** As much of a syntax tree as this needs to know. */
export type Branch = { type: string; value?: string; children?: Branch[] };

/**
 * The direction of a parsed block. The browser's own dir="auto" skips blocks inside that have a direction themselves,
 * and so reads a list of Arabic paragraphs as left to right.
 */
export function directionOfBranch(branch: Branch): Direction | null {
  if (branch.type === "text") return directionOf(branch.value ?? "");
  for (const child of branch.children ?? []) {
    const direction = directionOfBranch(child);
    if (direction) return direction;
  }
  return null;
}
