import type { Schemas } from "@/api/client";
import classes from "@/features/prompts/Prompts.module.css";

type Span = Pick<Schemas["Finding"], "start" | "end">;

/**
 * A text with its findings, in order, marked. Positions count characters as the server does: by code point, of which
 * JavaScript may need two units.
 */
export function Marked({ text, findings }: { text: string; findings: readonly Span[] }) {
  const characters = Array.from(text);
  const parts = findings.map((found, index) => {
    const after = findings[index - 1]?.end ?? 0;
    return (
      <span key={found.start}>
        {characters.slice(after, found.start).join("")}
        <mark className={classes.mark}>{characters.slice(found.start, found.end).join("")}</mark>
      </span>
    );
  });
  return (
    <>
      {parts}
      {characters.slice(findings.at(-1)?.end ?? 0).join("")}
    </>
  );
}
