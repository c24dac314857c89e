import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import classes from "@/ui/Separator.module.css";

type SeparatorProps = {
  label: string;
  /** The size of what stands before the separator, in any unit. */
  value: number;
  min: number;
  max: number;
  step: number;
  pixelsPerUnit: () => number;
  onChange: (value: number) => void;
  onReset: () => void;
  /** Somebody is about to move it: time to measure what it will move. */
  onApproach?: (() => void) | undefined;
  className?: string | undefined;
  style?: React.CSSProperties | undefined;
};

const FAR = 5;

/** A vertical line that two areas share: drag it, or move it with the arrow keys; Enter or a double click resets it. */
export function Separator({ label, value, min, max, step, ...rest }: SeparatorProps) {
  const { pixelsPerUnit, onChange, onReset, onApproach, className = "", style } = rest;
  const grip = useRef<{ x: number; value: number } | null>(null);
  const change = (next: number) => onChange(Math.min(max, Math.max(min, next)));

  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    grip.current = { x: event.clientX, value };
  };
  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    const from = grip.current;
    if (from) change(from.value + (event.clientX - from.x) / pixelsPerUnit());
  };
  const letGo = () => {
    grip.current = null;
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const far = event.shiftKey ? FAR : 1;
    const acts: Record<string, () => void> = {
      ArrowLeft: () => change(value - step * far),
      ArrowRight: () => change(value + step * far),
      Home: () => change(min),
      End: () => change(max),
      Enter: onReset,
    };
    const act = acts[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: an <hr> separates text and cannot be moved
    <div
      className={`${classes.separator} ${className}`}
      style={style}
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={Math.round(value)}
      aria-valuemin={Math.round(min)}
      aria-valuemax={Math.round(max)}
      tabIndex={0}
      onPointerEnter={onApproach}
      onFocus={onApproach}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={letGo}
      onPointerCancel={letGo}
      onDoubleClick={onReset}
      onKeyDown={onKeyDown}
    />
  );
}
