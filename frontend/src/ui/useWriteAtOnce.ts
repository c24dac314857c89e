import { useEffect, useRef } from "react";

/**
 * Whoever comes to write, writes: the field gets the focus once, where nothing else has it, and what was begun before goes
 * on at its end. Not on a phone, whose keyboard would hide what is to be read first.
 */
export function useWriteAtOnce(find: () => HTMLTextAreaElement | null | undefined): void {
  const found = useRef(find);
  useEffect(() => {
    const field = found.current();
    const isWide = window.matchMedia("(min-width: 48em)").matches;
    if (!field || !isWide || document.activeElement !== document.body) return;
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }, []);
}
