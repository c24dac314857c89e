import { useEffect, useRef } from "react";
import type { ResponseId } from "@/features/labeling/comparison/answer";
import { noteEnd } from "@/features/labeling/comparison/reading/ends";
import classes from "@/features/labeling/comparison/reading/Reading.module.css";

/** What the screen's footer covers is not in sight. */
const MARGIN = "0px 0px -48px 0px";

/** Stands behind the last word of a response and notes when it comes into sight. */
export function EndMark({ id }: { id: ResponseId }) {
  const mark = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const element = mark.current;
    if (!element || typeof IntersectionObserver === "undefined") return;
    const observer = new IntersectionObserver(
      (entries) => {
        const isInSight = entries.some((entry) => entry.isIntersecting);
        noteEnd(id, isInSight);
        if (isInSight) observer.disconnect();
      },
      { rootMargin: MARGIN },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [id]);
  return <span ref={mark} className={classes.endMark} aria-hidden data-end={id} />;
}
