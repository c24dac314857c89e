import type { Schemas } from "@/api/client";
import classes from "@/features/prompts/Prompts.module.css";

/** A text, with what another has too marked. */
export function Passages({ passages }: { passages: readonly Schemas["Passage"][] }) {
  return (
    <p className={classes.passages} dir="auto">
      {passages.map(({ text, is_shared }, place) => {
        const words = place ? ` ${text}` : text;
        // biome-ignore lint/suspicious/noArrayIndexKey: passages have no other name, and never change places
        return is_shared ? <mark key={place}>{words}</mark> : <span key={place}>{words}</span>;
      })}
    </p>
  );
}
