/** A sentence and what stands in it. The reducer knows no language: it is put into the person's when it is shown. */
import type { TFunction } from "i18next";

export type Message = { text: string; values?: Record<string, string | number | Message> };

export function translated(t: TFunction, { text, values = {} }: Message): string {
  const shown = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === "object" ? translated(t, value) : value,
  ]);
  return String(t(text, Object.fromEntries(shown)));
}

/** Sentences one after the other: what is named in the middle of one may begin another. */
export function sentences(t: TFunction, messages: Message[]): string {
  return messages
    .map((message) => translated(t, message))
    .map((text) => `${text.charAt(0).toLocaleUpperCase()}${text.slice(1)}`)
    .join(" ");
}
