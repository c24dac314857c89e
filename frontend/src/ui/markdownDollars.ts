/** Formulas as models write them, put into the one notation that the parser knows. */

/** Code in fences or backticks, which stays as it is. */
const CODE = /(^[ \t]*(?:```|~~~)[\s\S]*?(?:^[ \t]*(?:```|~~~)[ \t]*$|$(?![\s\S]))|`+[^`]*`+)/m;
/** Where a $$ that nothing closed was a price: at a blank line, and at a $$$. */
const END = String.raw`\n[ \t]*\n|\${3}`;
const ITEM = String.raw`\n[ \t]*(?:[-*+]|\d+[.)])[ \t]`;
const AT_START = String.raw`(?<=^[ \t]*\$\$)`;
/** Between two $$: whatever is on lines of its own; what begins a line with no space; anything else within a list item. */
const DISPLAYED = String.raw`${AT_START}[ \t]*\n[\s\S]*?\n[ \t]*(?=\$\$[ \t]*$)|${AT_START}(?=\S)(?:(?!${END})[\s\S])*?|(?:(?!${END}|${ITEM})[\s\S])*?`;
const FORMULA = new RegExp(
  [
    String.raw`\\\\`, // what is escaped
    String.raw`\\\(([\s\S]+?)\\\)`,
    String.raw`([ \t]*)\\\[([\s\S]+?)\\\]`,
    String.raw`\\[\s\S]`,
    String.raw`\$\$(?!\$)(${DISPLAYED})\$\$(?!\$)`,
    String.raw`\${2,}`,
    String.raw`\$(?!\s)[^$\n]*[^\s$\\]\$(?!\d)`, // as Pandoc reads it
    String.raw`\$`,
  ].join("|"),
  "gm",
);
/** Words on one line, two at least, and no sign of a formula: what stands between two prices. */
const PROSE = /^[ \t]*\p{L}+(?:[ \t,;:'’-]+\p{L}+)+[ \t.,;:!?]*$/u;

/** Writes \(x\) as $x$, \[x\] and a $$x$$ that has its lines to itself as a display, and escapes each dollar that is money. */
export function inDollars(text: string): string {
  const pieces = text.split(CODE);
  return pieces
    .map((piece, index) => {
      if (index % 2) return piece;
      const edges = { isFirst: index === 0, isLast: index + 1 === pieces.length };
      return piece.replace(FORMULA, (match, inline, indent, bracketed, dollars, at: number) => {
        if (inline !== undefined) return `$${inline.trim()}$`;
        if (bracketed !== undefined) return asDisplay(indent, bracketed);
        if (/^\$+$/.test(match) || PROSE.test(dollars)) return match.replaceAll("$", "\\$");
        if (dollars?.trim()) return inTwoDollars(match, dollars, linesAround(piece, at, match, edges));
        return match;
      });
    })
    .join("");
}

/** The parser takes $$ for a display where it ends its line, and all that follows for one where it only begins it. */
function inTwoDollars(match: string, formula: string, { indent, isAtEnd }: Around): string {
  if (indent === null) return match;
  return isAtEnd ? asDisplay(indent, formula) : match.replace(/\n/g, " ");
}

function asDisplay(indent: string, formula: string): string {
  return `\n\n${indent}$$\n${indent}${formula.trim()}\n${indent}$$\n\n`;
}

type Around = { indent: string | null; isAtEnd: boolean };

/** The spaces before a match, null where they do not begin a line, and whether only spaces follow on its last one. */
function linesAround(
  piece: string,
  at: number,
  match: string,
  { isFirst, isLast }: { isFirst: boolean; isLast: boolean },
): Around {
  let [start, end] = [at, at + match.length];
  while (start > 0 && /[ \t]/.test(piece.charAt(start - 1))) start--;
  while (end < piece.length && /[ \t]/.test(piece.charAt(end))) end++;
  const isAtStart = start > 0 ? piece[start - 1] === "\n" : isFirst;
  // At the edge of a piece stands code, on the same line.
  const isAtEnd = end < piece.length ? piece[end] === "\n" : isLast;
  return { indent: isAtStart ? piece.slice(start, at) : null, isAtEnd };
}
