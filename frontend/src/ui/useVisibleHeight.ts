import { useEffect } from "react";

/** Keeps --visible-height at what a phone's keyboard leaves of the window, so that a text field ends above it. */
export function useVisibleHeight(): void {
  useEffect(() => {
    const viewport = window.visualViewport;
    if (!viewport) return;
    const root = document.documentElement;
    // Zooming in shrinks the view too, and is no keyboard.
    const measure = () =>
      root.style.setProperty("--visible-height", `${Math.round(viewport.height * viewport.scale)}px`);
    measure();
    viewport.addEventListener("resize", measure);
    return () => {
      viewport.removeEventListener("resize", measure);
      root.style.removeProperty("--visible-height");
    };
  }, []);
}
