import { type ReactNode, useEffect, useRef, useState } from "react";
import classes from "@/ui/Markdown.module.css";

/** Code and tables scroll sideways in themselves; focusable where they do, so that a keyboard can do so too. */
export function SidewaysScroll({ children }: { children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  const [isWider, setWider] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (!element || typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(() => setWider(element.scrollWidth > element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={box} className={classes.sideways} tabIndex={isWider ? 0 : undefined}>
      {children}
    </div>
  );
}
