/**
 * Mantine's tooltip without the library under it, which weighs as much as all of the labeling screen: a few words about
 * a button, for pointer and keyboard. Escape takes it away, and the pointer may go onto it (WCAG 1.4.13).
 */
import { cloneElement, type ReactElement, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { placeBeside } from "@/ui/floating";
import classes from "@/ui/Tooltip.module.css";

const OPEN_MS = 300;
const CLOSE_MS = 120;

type TooltipProps = {
  label: ReactNode;
  /** Pixels; longer texts wrap. */
  maw?: number;
  disabled?: boolean;
  children: ReactElement<{ "aria-describedby"?: string }>;
};

export function Tooltip({ label, maw = 300, disabled = false, children }: TooltipProps) {
  const id = useId();
  const [isShown, setShown] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const around = useRef<HTMLSpanElement>(null);
  const box = useRef<HTMLSpanElement>(null);
  const later = (show: boolean) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setShown(show), show ? OPEN_MS : CLOSE_MS);
  };
  const close = () => {
    clearTimeout(timer.current);
    setShown(false);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    const target = around.current?.firstElementChild;
    if (!isShown || !box.current || !target) return;
    box.current.showPopover?.();
    placeBeside(box.current, target);
    const leave = (event: KeyboardEvent) => event.key === "Escape" && setShown(false);
    const scroll = () => setShown(false);
    window.addEventListener("keydown", leave);
    window.addEventListener("scroll", scroll, { capture: true, passive: true });
    return () => {
      window.removeEventListener("keydown", leave);
      window.removeEventListener("scroll", scroll, { capture: true });
    };
  }, [isShown]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button inside has the role; this only watches over it
    <span
      ref={around}
      className={classes.around}
      onPointerEnter={(event) => event.pointerType !== "touch" && later(true)}
      onPointerLeave={() => later(false)}
      onPointerDown={close}
      onFocus={(event) => event.target.matches(":focus-visible") && later(true)}
      onBlur={close}
    >
      {cloneElement(children, isShown && !disabled ? { "aria-describedby": id } : {})}
      {isShown && !disabled && (
        <span
          ref={box}
          id={id}
          role="tooltip"
          popover="manual"
          className={classes.tip}
          style={{ maxWidth: maw }}
        >
          {label}
        </span>
      )}
    </span>
  );
}
