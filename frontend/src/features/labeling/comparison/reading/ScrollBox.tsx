import { type KeyboardEvent, type ReactNode, useContext, useEffect, useRef } from "react";
import classes from "@/features/labeling/comparison/reading/Reading.module.css";
import { ScrollSyncContext } from "@/features/labeling/comparison/reading/scrollSync";

/** A box of limited height that scrolls with its like. */
export function ScrollBox({ label, children }: { label: string; children: ReactNode }) {
  const box = useRef<HTMLElement>(null);
  const sync = useContext(ScrollSyncContext);
  useEffect(() => (box.current ? sync?.join(box.current) : undefined), [sync]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable by keyboard
    <section ref={box} className={classes.scrollBox} data-scroll-box aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

const LINE_PIXELS = 60;

/** The card that has the focus scrolls its box with the keys that would scroll the page. */
export function scrollByKey(event: KeyboardEvent<HTMLElement>): void {
  const box = event.currentTarget.querySelector<HTMLElement>("[data-scroll-box]");
  if (!box || event.ctrlKey || event.metaKey || event.altKey) return;
  const page = box.clientHeight * 0.9;
  const tops: Record<string, number> = {
    ArrowDown: box.scrollTop + LINE_PIXELS,
    ArrowUp: box.scrollTop - LINE_PIXELS,
    PageDown: box.scrollTop + page,
    PageUp: box.scrollTop - page,
    " ": box.scrollTop + (event.shiftKey ? -page : page),
    Home: 0,
    End: box.scrollHeight,
  };
  const top = tops[event.key];
  if (top === undefined) return;
  event.preventDefault();
  box.scrollTo({ top });
}
