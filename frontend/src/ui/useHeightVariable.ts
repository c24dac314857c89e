import { type RefCallback, useCallback } from "react";

/**
 * Keeps the height of an element in a CSS variable of its parent, for what has to make room beside something that sticks.
 * The variable is to be registered as not inherited (`@property`), and whoever uses it inherits it by name: one that every
 * element inherits costs the styles of the whole page at every change.
 */
export function useHeightVariable(name: `--${string}`): RefCallback<HTMLElement> {
  return useCallback(
    (element: HTMLElement | null) => {
      const style = element?.parentElement?.style;
      if (!element || !style || typeof ResizeObserver === "undefined") return;
      const observer = new ResizeObserver(() => style.setProperty(name, `${element.offsetHeight}px`));
      observer.observe(element);
      return () => {
        observer.disconnect();
        style.removeProperty(name);
      };
    },
    [name],
  );
}
