import "katex/dist/katex.min.css";
import rehypeKatex from "rehype-katex";
import remarkMath from "remark-math";

export const remarkPlugins = [remarkMath];
export const rehypePlugins = [
  [rehypeKatex, { throwOnError: false, trust: false, maxExpand: 200, maxSize: 20 }],
];
