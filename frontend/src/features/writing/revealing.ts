/**
 * What in a prompt may lead back to the person whose use case it was made from: addresses and numbers, names that the use
 * case has too, and passages taken over word by word. It points things out; whether they matter is the author's to say.
 */
export type Revealing = { what: "contact" | "name" | "passage"; text: string };

const CONTACT = /[\w.+-]+@[\w-]+\.[\w.-]*\w|https?:\/\/[^\s)>\]]+|\bwww\.[^\s)>\]]+|\+?\d[\d ()/-]{6,}\d/g;
const WORD = /[\p{L}\p{N}][\p{L}\p{N}'’&-]*/gu;
const COPIED_WORDS = 6;
const MOST_SHOWN = 6;

export function revealing(source: string, text: string): Revealing[] {
  const found: Revealing[] = [
    ...unique(text.match(CONTACT) ?? []).map((one) => ({ what: "contact" as const, text: one })),
    ...sharedNames(source, text).map((one) => ({ what: "name" as const, text: one })),
    ...copiedPassages(source, text).map((one) => ({ what: "passage" as const, text: one })),
  ];
  return found.slice(0, MOST_SHOWN);
}

/** Words of both that the use case writes with a capital where no sentence begins, or that hold a digit. */
function sharedNames(source: string, text: string): string[] {
  const words = new Set(text.match(WORD) ?? []);
  return unique([...source.matchAll(WORD)].filter(isName(source)).map(([word]) => word)).filter((word) =>
    words.has(word),
  );
}

function isName(source: string): (match: RegExpExecArray | RegExpMatchArray) => boolean {
  return (match) => {
    const [word] = match;
    if (!word || word === "I" || word.startsWith("I'") || word.startsWith("I’")) return false;
    if (/\p{L}/u.test(word) && /\p{N}/u.test(word)) return true;
    const isCapital = /^\p{Lu}/u.test(word);
    return isCapital && /[^\s.!?:"“(]\s+$/u.test(source.slice(0, match.index));
  };
}

function copiedPassages(source: string, text: string): string[] {
  const theirWords = words(source);
  const theirs = ` ${theirWords.join(" ")} `;
  const runs = new Set(theirWords.map((_, start) => theirWords.slice(start, start + COPIED_WORDS).join(" ")));
  const own = words(text);
  const found: string[] = [];
  for (let start = 0; start + COPIED_WORDS <= own.length; start++) {
    let end = start + COPIED_WORDS;
    if (!runs.has(own.slice(start, end).join(" "))) continue;
    while (end < own.length && theirs.includes(` ${own.slice(start, end + 1).join(" ")} `)) end++;
    found.push(own.slice(start, end).join(" "));
    start = end - 1;
  }
  return unique(found);
}

function words(text: string): string[] {
  return text.toLowerCase().match(WORD) ?? [];
}

function unique(texts: string[]): string[] {
  return [...new Set(texts)];
}
