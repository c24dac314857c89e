/** Formulas as models write them, put into the one notation that the parser knows. */

/** Code in fences or backticks, which stays as it is. */
const CODE = /(^[ \t]*(?:```|~~~)[\s\S]*?(?:^[ \t]*(?:```|~~~)[ \t]*$|$(?![\s\S]))|`+[^`]*`+)/m;
/** What is escaped; \(…\); \[…\] on lines of its own or within one; $$…$$; $…$ as Pandoc reads it; any other dollar. */
const FORMULA =
  /\\\\|\\\(([\s\S]+?)\\\)|([ \t]*)\\\[([\s\S]+?)\\\]|\\[\s\S]|\$\$[\s\S]*?\$\$|\$(?!\s)[^$\n]*[^\s$\\]\$(?!\d)|\$/g;

/** Writes \(x\) as $x$ and \[x\] as a display, and escapes each dollar that is money. */
export function inDollars(text: string): string {
  return text
    .split(CODE)
    .map((piece, index) => (index % 2 ? piece : piece.replace(FORMULA, formula)))
    .join("");
}

function formula(match: string, inline?: string, indent = "", display?: string): string {
  if (inline !== undefined) return `$${inline.trim()}$`;
  if (display !== undefined) return `\n\n${indent}$$\n${indent}${display.trim()}\n${indent}$$\n\n`;
  return match === "$" ? "\\$" : match;
}
