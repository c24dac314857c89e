import { useEffect, useRef } from "react";
import classes from "@/features/runs/RunPage.module.css";
import { type Run, useRunLog } from "@/features/runs/runQueries";
import { CopyButton } from "@/ui/CopyButton";
import { Section } from "@/ui/Page";

/** The end of the log. It follows what is written until somebody scrolls up to read. */
export function RunLog({ run }: { run: Run }) {
  const text = useRunLog(run.id);
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new text is what moves the end
  useEffect(() => {
    if (box.current && follows.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);
  return (
    <Section title="Log" actions={text && <CopyButton value={text} />}>
      <div
        ref={box}
        role="log"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        tabIndex={0}
        aria-label="Log"
        className={classes.log}
        onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
          follows.current = scrollTop + clientHeight >= scrollHeight - 24;
        }}
      >
        {text || "Nothing is written yet."}
      </div>
    </Section>
  );
}
