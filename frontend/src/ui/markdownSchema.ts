import { defaultSchema } from "rehype-sanitize";

const { "*": anywhere = [], ...attributes } = defaultSchema.attributes ?? {};

/**
 * GitHub's schema without images, without ids (several texts stand on one page), and with the class names by which
 * remark-math marks its formulas.
 */
export const schema = {
  ...defaultSchema,
  tagNames: defaultSchema.tagNames?.filter((name) => name !== "picture" && name !== "source") ?? [],
  attributes: {
    ...attributes,
    "*": anywhere.filter((name) => name !== "id" && name !== "name" && name !== "tabIndex"),
    a: ["href"],
    code: [["className", /^language-./, "math-inline", "math-display"] as [string, ...(string | RegExp)[]]],
  },
};

/** Whether an address leads out of this server, by a way that is known to be harmless. */
export function isOutside(href: string | undefined): boolean {
  return /^(https?:\/\/|mailto:)/i.test(href ?? "");
}

/** A pair of $ around something that is not just an amount of money, or $$, or LaTeX's own brackets. */
export function hasMath(text: string): boolean {
  return /\$\$|\$[^\s$\d][^$\n]*\$|\$\d+[^$\n]*[\\^_=+][^$\n]*\$|\\\([\s\S]+?\\\)|\\\[[\s\S]+?\\\]/.test(
    text,
  );
}

export function hasCode(text: string): boolean {
  return /^\s*(```|~~~)\s*\w/m.test(text);
}
