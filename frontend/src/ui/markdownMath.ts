import "katex/dist/katex.min.css";
import rehypeKatex from "rehype-katex";
import remarkMath from "remark-math";

export { inDollars } from "@/ui/markdownDollars";

export const remarkPlugins = [remarkMath];
export const rehypePlugins = [
  [rehypeKatex, { throwOnError: false, trust: false, strict: "ignore", maxExpand: 200, maxSize: 20 }],
];
