import { useEffect, useRef, useState } from "react";

export type CopyState = "ready" | "copied" | "refused";

const SHOWN_MILLISECONDS = 1500;

/** Puts text on the clipboard and says for a moment how it went. */
export function useCopy() {
  const [state, setState] = useState<CopyState>("ready");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async (text: string) => {
    const isCopied = await copyText(text);
    setState(isCopied ? "copied" : "refused");
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setState("ready"), SHOWN_MILLISECONDS);
  };
  return { state, copy };
}

/** Browsers offer a clipboard on https and localhost only; a server in the next room is often neither. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text: string): boolean {
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.style.position = "fixed";
  field.style.opacity = "0";
  document.body.append(field);
  field.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    field.remove();
    if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  }
}
