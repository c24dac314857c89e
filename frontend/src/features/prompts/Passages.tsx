import { createElement } from "react";
import type { Schemas } from "@/api/client";
import classes from "@/features/prompts/Prompts.module.css";

/** A text, with what another has too marked. */
export function Passages({ passages }: { passages: readonly Schemas["Passage"][] }) {
  const parts = passages.map(({ text, is_shared }, place) => {
    const words = place ? ` ${text}` : text;
    return is_shared ? createElement("mark", { className: classes.mark }, words) : words;
  });
  return createElement("p", { className: classes.passages, dir: "auto" }, ...parts);
}
