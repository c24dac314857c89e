/** What hands are already doing when the screen changes by itself was meant for the screen before. */
import { useLayoutEffect } from "react";

/** So long after the last key or click nothing is under way any more. */
export const REST_MS = 600;
const EVENTS = ["keydown", "click"] as const;

/** A task that nobody called for takes no key and no click until the hands that were at another one have rested. */
export function useRest(shown: { screen: number; isUncalled: boolean } | undefined): void {
  const { screen, isUncalled = false } = shown ?? {};
  // biome-ignore lint/correctness/useExhaustiveDependencies: each screen that comes uncalled begins anew
  useLayoutEffect(() => {
    if (!isUncalled) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = () => {
      clearTimeout(timer);
      for (const name of EVENTS) window.removeEventListener(name, swallow, true);
    };
    const rest = () => {
      clearTimeout(timer);
      timer = setTimeout(end, REST_MS);
    };
    const swallow = (event: KeyboardEvent | MouseEvent) => {
      // The browser's own, such as to reload; a click outside the page's content leads elsewhere.
      if (event instanceof KeyboardEvent && (event.ctrlKey || event.metaKey) && event.key !== "Enter") return;
      if (event instanceof MouseEvent && !(event.target as Element).closest("main")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      rest();
    };
    for (const name of EVENTS) window.addEventListener(name, swallow, true);
    rest();
    return end;
  }, [screen, isUncalled]);
}
