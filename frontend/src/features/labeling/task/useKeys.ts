import { useEffect, useRef } from "react";
import { type Command, commandFor, isTextField, type Scene } from "@/features/labeling/keys";

/** Marks a task that takes nothing more: its answer is on its way. */
export const HELD = "data-held";

/** Runs the command of each key press. Esc leaves a text field, so that the keys work again. */
export function useKeys(scene: Scene, run: (command: Command) => void): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const { target } = event;
      if (event.key === "Escape" && isTextField(target)) return (target as HTMLElement).blur();
      // The arrows of a group of radio buttons are its own.
      if (event.key.startsWith("Arrow") && target instanceof HTMLInputElement && target.type === "radio")
        return;
      if (document.querySelector(`[${HELD}]`)) return;
      const isDialogOpen = document.querySelector('[role="dialog"][aria-modal="true"]') !== null;
      const command = commandFor(event, { scene, isTyping: isTextField(target), isDialogOpen });
      if (!command) return;
      event.preventDefault();
      latest.current(command);
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [scene]);
}
