/** What changed between two versions of a text, for reading: words marked in their lines, far lines left out. */
import type { Change } from "diff";

export type Piece = { kind: "same" | "added" | "removed"; text: string };
export type Part = { type: "line"; pieces: Piece[]; isChanged: boolean } | { type: "gap"; count: number };

/** Unchanged lines that are shown around a change. */
const AROUND = 2;

/** The library comes with the first comparison: most days nothing has changed. */
export async function whatChanged(before: string, after: string): Promise<Part[]> {
  const { diffLines, diffWordsWithSpace } = await import("diff");
  const chunks = diffLines(before, after);
  const pieces: Piece[] = [];
  for (let index = 0; index < chunks.length; index++) {
    const [chunk, next] = [chunks[index], chunks[index + 1]];
    if (chunk?.removed && next?.added) {
      pieces.push(...diffWordsWithSpace(chunk.value, next.value).map(pieceOf));
      index++;
    } else if (chunk) pieces.push(pieceOf(chunk));
  }
  return folded(linesOf(pieces));
}

function pieceOf({ added, removed, value }: Change): Piece {
  return { kind: added ? "added" : removed ? "removed" : "same", text: value };
}

type Line = Extract<Part, { type: "line" }>;

function linesOf(pieces: Piece[]): Line[] {
  const lines: Line[] = [];
  let current: Piece[] = [];
  const close = () => {
    lines.push({ type: "line", pieces: current, isChanged: current.some(({ kind }) => kind !== "same") });
    current = [];
  };
  for (const { kind, text } of pieces) {
    const parts = text.split("\n");
    parts.forEach((part, index) => {
      if (part) current.push({ kind, text: part });
      if (index < parts.length - 1) close();
    });
  }
  if (current.length) close();
  return lines;
}

function folded(lines: Line[]): Part[] {
  const isNear = (index: number) =>
    lines.slice(Math.max(0, index - AROUND), index + AROUND + 1).some((line) => line.isChanged);
  const parts: Part[] = [];
  for (const [index, line] of lines.entries()) {
    const last = parts.at(-1);
    if (isNear(index)) parts.push(line);
    else if (last?.type === "gap") last.count++;
    else parts.push({ type: "gap", count: 1 });
  }
  return parts;
}
