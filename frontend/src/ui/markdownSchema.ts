import { defaultSchema } from "rehype-sanitize";

/** GitHub's schema without images, and with the class names by which remark-math marks its formulas. */
export const schema = {
  ...defaultSchema,
  tagNames: defaultSchema.tagNames?.filter((name) => name !== "picture" && name !== "source") ?? [],
  attributes: {
    ...defaultSchema.attributes,
    code: [["className", /^language-./, "math-inline", "math-display"] as [string, ...(string | RegExp)[]]],
  },
};

/** A pair of $ around something that is not just an amount of money, or $$. */
export function hasMath(text: string): boolean {
  return /\$\$|\$[^\s$\d][^$\n]*\$|\$\d+[^$\n]*[\\^_=+][^$\n]*\$/.test(text);
}

export function hasCode(text: string): boolean {
  return /^\s*(```|~~~)\s*\w/m.test(text);
}
