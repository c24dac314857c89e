/**
 * A text's words without the signs that only format them: a bold word and a plain one say the same. Bullets, tables and
 * links stay, and so does code; where a sign may be part of the text (2*3*4, snake_case) it is.
 */
const FENCE = /^ {0,3}(```|~~~)/;
const HEADING = /^ {0,3}#{1,6} +/;
const IN_CODE = /(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)/;
const EMPHASIS = /(?<![\w*\\])(\*{1,3})(?![\s*])([^*]+)(?<!\s)\1(?![\w*])/g;
const UNDERLINED = /(?<![\w\\])(_{1,3})(?![\s_])([^_]+)(?<!\s)\1(?!\w)/g;
const STRUCK = /(?<!~)~~(?![\s~])([^~]+)~~(?!~)/g;

export function withoutMarks(text: string): string {
  let isCode = false;
  const lines = text.split("\n").map((line) => {
    const isFence = FENCE.test(line);
    if (isFence) isCode = !isCode;
    return isCode || isFence ? line : unmarked(line.replace(HEADING, ""));
  });
  return lines.join("\n");
}

/** Code is no emphasis: after each plain piece come the marks of a piece of code, which go, and what is in it. */
function unmarked(line: string): string {
  const pieces = line.split(IN_CODE).map((piece, index) => [plain(piece), "", piece][index % 3]);
  return pieces.join("");
}

function plain(text: string): string {
  const once = (now: string) => now.replace(EMPHASIS, "$2").replace(UNDERLINED, "$2").replace(STRUCK, "$1");
  // Emphasis within emphasis.
  return once(once(text));
}
