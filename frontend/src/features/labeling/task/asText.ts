/** What a draft's content is outside of this app: a written text as it is, anything else in the form that it is kept in. */
export function contentAsText(content: unknown): string {
  const text = (content as { text?: unknown } | null)?.text;
  return typeof text === "string" ? text : JSON.stringify(content, null, 2);
}
