/**
 * The heights of what sticks, for what has to make room beside it: wherever the two are in the page, in CSS variables of
 * the latter alone. They are registered as not inherited (`app/global.css`), because one that every element inherits costs
 * the styles of the whole page at every change; a part that needs one inherits it by name.
 */
import type { RefCallback } from "react";

type Height = "--bar-height" | "--strip-height" | "--footer-height" | "--notice-height";

const told = new Map<Height, Map<HTMLElement, number>>();
const readers = new Map<HTMLElement, readonly Height[]>();

/** The ref of what sticks. Made once, outside of the component: React would call a new one at every render. */
export function heightOf(name: Height): RefCallback<HTMLElement> {
  return (element) => {
    if (!element || typeof ResizeObserver === "undefined") return;
    const heights = told.get(name) ?? new Map<HTMLElement, number>();
    told.set(name, heights);
    const observer = new ResizeObserver(() => {
      heights.set(element, element.offsetHeight);
      tell(name);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      heights.delete(element);
      tell(name);
    };
  };
}

/** The ref of what makes room for it, made once likewise. Of several that stick in one place, the highest counts. */
export function roomFor(...names: Height[]): RefCallback<HTMLElement> {
  return (element) => {
    if (!element) return;
    readers.set(element, names);
    for (const name of names) show(element, name);
    return () => {
      readers.delete(element);
    };
  };
}

function tell(name: Height): void {
  for (const [reader, names] of readers) if (names.includes(name)) show(reader, name);
}

function show({ style }: HTMLElement, name: Height): void {
  const heights = [...(told.get(name)?.values() ?? [])];
  if (heights.length) style.setProperty(name, `${Math.max(...heights)}px`);
  else style.removeProperty(name);
}
