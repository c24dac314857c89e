import { useDeferredValue, useEffect, useState } from "react";

const SHORT = 5_000;
const MOST_MS = 1_200;

/**
 * A text for what is costly to make of it: a short one follows every keystroke, a long one waits until the typing pauses,
 * the longer the more, so that 100,000 characters type as smoothly as ten.
 */
export function useSettled(text: string): string {
  const deferred = useDeferredValue(text);
  const [settled, setSettled] = useState(text);
  const isShort = text.length < SHORT;
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), isShort ? 0 : Math.min(MOST_MS, text.length / 50));
    return () => clearTimeout(timer);
  }, [text, isShort]);
  return isShort ? deferred : settled;
}
