/** What one text says other than another, word by word. Runs in a worker: 1,000 rewritten words take a while. */
import { diffArrays } from "diff";

export type PartKind = "same" | "added" | "removed";
export type Part = { kind: PartKind; text: string };

/** A word with the space behind it, which is shown and not compared. */
type Token = { word: string; space: string };

const SEGMENTER =
  typeof Intl.Segmenter === "function" ? new Intl.Segmenter(undefined, { granularity: "word" }) : null;

/** Words as people see them in any script; whitespace belongs to the word before it. */
function tokens(text: string): Token[] {
  const found: Token[] = [];
  for (const piece of pieces(text)) {
    const last = found.at(-1);
    if (last && /^\s+$/u.test(piece)) last.space += piece;
    else found.push({ word: piece, space: "" });
  }
  return found;
}

function pieces(text: string): string[] {
  if (!SEGMENTER) return text.match(/\s+|[\p{L}\p{M}\p{N}_]+|[^\s]/gu) ?? [];
  return Array.from(SEGMENTER.segment(text), ({ segment }) => segment);
}

/** Past so many changes two texts have next to nothing in common, and looking further costs seconds. */
const MOST_CHANGES = 4000;
/** Of a long text, less than this share in common tells nobody anything: its own words would stand below a screen of others. */
const LEAST_COMMON = 0.1;
const LONG = 200;

/** The parts of `text` and, where `basis` said something else, of `basis`; null where they are too far apart. */
export function wordDiff(basis: string, text: string): Part[] | null {
  const [before, after] = [tokens(basis), tokens(text)];
  const changes = diffArrays(before, after, {
    comparator: (left, right) => left.word === right.word,
    maxEditLength: MOST_CHANGES,
  });
  if (!changes) return null;
  const common = changes.reduce((sum, { added, removed, count }) => sum + (added || removed ? 0 : count), 0);
  const longest = Math.max(before.length, after.length);
  if (longest >= LONG && common < LEAST_COMMON * longest) return null;
  let at = 0;
  const parts = changes.map(({ added, removed, value }): Run => {
    if (added) return { kind: "added", tokens: value };
    const was = before.slice(at, at + value.length);
    at += value.length;
    return { kind: removed ? "removed" : "same", tokens: value, was };
  });
  return tidied(parts).flatMap(shown);
}

/** A run as it is shown: the space behind a change is no part of it, and the lines of what was removed take no room. */
function shown({ kind, tokens }: Run): Part[] {
  const text = tokens.map(({ word, space }) => word + space).join("");
  if (kind === "same") return [{ kind, text }];
  const words = text.trimEnd();
  const space = text.slice(words.length);
  const after: Part[] = space ? [{ kind: "same", text: kind === "added" ? space : " " }] : [];
  return [{ kind, text: kind === "added" ? words : words.replace(/\n\s*\n/g, "\n") }, ...after];
}

/** `was`: the same words as the basis spaces them, where it has them. */
type Run = { kind: PartKind; tokens: Token[]; was?: Token[] };

/**
 * One run of changes for many: where only a lone short word or a comma between two changes is the same, it is a
 * coincidence, and eyes read "removed these five words, added those six" more easily.
 */
function tidied(parts: Run[]): Run[] {
  const runs: Run[] = [];
  let removed: Token[] = [];
  let added: Token[] = [];
  const close = () => {
    const before = runs.at(-1);
    const space = before?.tokens.at(-1)?.space === "" ? (before.was?.at(-1)?.space ?? "") : "";
    // The space that the basis has there, and the other text, which goes on with a comma, say, has not.
    if (removed.length) runs.push({ kind: "removed", tokens: [{ word: "", space }, ...removed] });
    if (added.length) runs.push({ kind: "added", tokens: added });
    [removed, added] = [[], []];
  };
  parts.forEach((part, index) => {
    const isBetween = (removed.length || added.length) && index + 1 < parts.length;
    if (part.kind === "removed") removed = [...removed, ...part.tokens];
    else if (part.kind === "added") added = [...added, ...part.tokens];
    else if (isBetween && isCoincidence(part.tokens)) {
      removed = [...removed, ...(part.was ?? [])];
      added = [...added, ...part.tokens];
    } else {
      close();
      runs.push(part);
    }
  });
  close();
  return runs;
}

const SHORT = 3;

function isCoincidence(same: Token[]): boolean {
  return same.length === 1 && same.every(({ word, space }) => word.length <= SHORT && !space.includes("\n"));
}
