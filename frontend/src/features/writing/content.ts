/** What somebody writes, as the page holds it: every kind's fields at once, so that changing the kind loses nothing. */
import type { Schemas } from "@/api/client";
import { msg } from "@/ui/language";

export type Kind = Schemas["WrittenContentRequest"]["kind"];
export type UseCase = Schemas["WrittenContentRequest"]["use_case"];
export type Pair = { id: number; query: string; response: string };

export type Content = {
  kind: Kind;
  /** Null until it is chosen: "other" is an answer, and not the one of somebody who said nothing. */
  use_case: UseCase | null;
  text: string;
  instruction: string;
  pairs: Pair[];
  source: string;
  language: string;
  annotations: Record<string, boolean>;
};

export const MAX_LENGTH = 100_000;
export const MAX_SOURCE_LENGTH = 10_000;
export const MIN_PAIRS = 2;
export const MAX_PAIRS = 16;

export function emptyContent(kind: Kind): Content {
  return {
    kind,
    use_case: null,
    text: "",
    instruction: "",
    pairs: [emptyPair([]), { id: 1, query: "", response: "" }],
    source: "",
    language: "",
    annotations: {},
  };
}

/** A new pair with an id that none of `pairs` has. */
export function emptyPair(pairs: Pair[]): Pair {
  return { id: Math.max(-1, ...pairs.map((pair) => pair.id)) + 1, query: "", response: "" };
}

/** Nothing that anybody would miss: the use case alone is no draft. */
export function isEmpty(content: Content): boolean {
  const { text, instruction, pairs, source } = content;
  const parts = [text, instruction, source, ...pairs.flatMap(({ query, response }) => [query, response])];
  return parts.every((part) => !part.trim());
}

/** All of it in one text, as the server compares it. */
export function comparedText(content: Content): string {
  if (content.kind !== "few_shot") return content.text;
  const pairs = content.pairs.flatMap(({ query, response }) => [query, response]);
  return [content.instruction, ...pairs].filter(Boolean).join("\n\n");
}

/** What the server gets: the fields of the kind, and no other. */
export function bodyOf(content: Content): Schemas["WrittenContentRequest"] {
  const { kind, use_case, text, instruction, pairs, source, language, annotations } = content;
  const shared = { kind, use_case: use_case ?? "other", language: language.trim(), annotations };
  if (kind === "few_shot")
    return { ...shared, instruction, pairs: pairs.map(({ query, response }) => ({ query, response })) };
  return kind === "user_based" ? { ...shared, text, source } : { ...shared, text };
}

/** The server's answer as the page holds it. */
export function contentOf(written: Schemas["WrittenContentAnswer"]): Content {
  const pairs = written.pairs.map(({ query = "", response = "" }, id) => ({ id, query, response }));
  return {
    ...emptyContent(written.kind),
    ...written,
    pairs: pairs.length ? pairs : emptyContent("plain").pairs,
  };
}

/** A draft may be of an earlier version of the page: whatever of it is not as it should be is as in a new one. */
export function readContent(stored: unknown): Content | null {
  if (typeof stored !== "object" || stored === null) return null;
  const found = stored as Partial<Record<keyof Content, unknown>>;
  const kind = isOneOf(found.kind, ["plain", "few_shot", "user_based"] as const) ? found.kind : "plain";
  const content = emptyContent(kind);
  for (const name of ["text", "instruction", "source", "language"] as const)
    if (typeof found[name] === "string") content[name] = found[name];
  if (typeof found.use_case === "string") content.use_case = found.use_case as UseCase;
  if (Array.isArray(found.pairs) && found.pairs.length) content.pairs = found.pairs.map(readPair);
  if (typeof found.annotations === "object" && found.annotations !== null)
    content.annotations = Object.fromEntries(
      Object.entries(found.annotations).filter(
        (entry): entry is [string, boolean] => typeof entry[1] === "boolean",
      ),
    );
  return content;
}

/** Whether two stored drafts say the same; the server gives an object's names in an order of its own. */
export function sameDraft(one: unknown, other: unknown): boolean {
  const said = (stored: unknown) => {
    const content = readContent(stored);
    return JSON.stringify(content && { ...content, annotations: Object.entries(content.annotations).sort() });
  };
  return said(one) === said(other);
}

function readPair(stored: unknown, id: number): Pair {
  const { query, response } = (stored ?? {}) as Partial<Pair>;
  return {
    id,
    query: typeof query === "string" ? query : "",
    response: typeof response === "string" ? response : "",
  };
}

function isOneOf<const Value>(value: unknown, known: readonly Value[]): value is Value {
  return known.some((one) => one === value);
}

const MISSING = {
  text: msg("Write the prompt."),
  instruction: msg("Write the instruction."),
  query: msg("Write the query."),
  response: msg("Write the response."),
  source: msg("Say which use case it is made from."),
  useCase: msg("Choose the use case."),
};

/** What is missing, by field; the server checks the rest. The texts are keys of the translations. */
export function missing(content: Content): Record<string, string> {
  const found: Record<string, string> = {};
  const ask = (name: string, value: string | null, text: string) => {
    if (!value?.trim()) found[name] = text;
  };
  if (content.kind === "user_based") ask("source", content.source, MISSING.source);
  if (content.kind === "few_shot") {
    ask("instruction", content.instruction, MISSING.instruction);
    content.pairs.forEach(({ query, response }, number) => {
      ask(`pairs.${number}.query`, query, MISSING.query);
      ask(`pairs.${number}.response`, response, MISSING.response);
    });
  } else ask("text", content.text, MISSING.text);
  ask("use_case", content.use_case, MISSING.useCase);
  return found;
}
