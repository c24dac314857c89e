/** Dragging a response into a band, by mouse, pen or finger, and by its handles only: scrolling never reorders. */
import { type MouseEvent, type PointerEvent, useEffect, useEffectEvent, useRef, useState } from "react";
import type { ResponseId } from "@/features/labeling/comparison/answer";

/** A hand that presses trembles: less than this is no drag. */
const LEAST_PIXELS = 5;

/** What is dragged, the band under it, and where it was taken up. */
type Drag = { id: ResponseId; over: string | null; x: number; y: number };

export function useDrag(drop: (id: ResponseId, band: string) => void) {
  const [drag, setDrag] = useState<Drag | null>(null);
  const grip = useRef<{ x: number; y: number; isMoved: boolean } | null>(null);
  const isClickSwallowed = useRef(false);
  const flying = useRef<HTMLSpanElement>(null);
  const letGo = () => {
    // To let go after a drag is no click.
    isClickSwallowed.current = grip.current?.isMoved ?? isClickSwallowed.current;
    grip.current = null;
    setDrag(null);
  };
  usePutBack(drag !== null, letGo);

  const handle = (id: ResponseId) => ({
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0 || !event.isPrimary) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      isClickSwallowed.current = false;
      grip.current = { x: event.clientX, y: event.clientY, isMoved: false };
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      const from = grip.current;
      if (!from) return;
      // Its button went up where this handle could not hear it.
      if (!event.buttons) return letGo();
      const [right, down] = [event.clientX - from.x, event.clientY - from.y];
      if (!from.isMoved && Math.hypot(right, down) < LEAST_PIXELS) return;
      if (!from.isMoved) bands()?.scrollIntoView({ block: "nearest" });
      from.isMoved = true;
      const over = bandAt(event);
      setDrag((before) => (before?.over === over ? before : { id, over, x: from.x, y: from.y }));
      flying.current?.style.setProperty("translate", `${right}px ${down}px`);
    },
    onPointerUp: (event: PointerEvent<HTMLElement>) => {
      const band = grip.current?.isMoved ? bandAt(event) : null;
      letGo();
      if (band !== null) drop(id, band);
    },
    onPointerCancel: letGo,
    // A key's click has no count.
    onClickCapture: (event: MouseEvent) => {
      if (isClickSwallowed.current && event.detail > 0) event.stopPropagation();
    },
  });
  return { drag, handle, flying };
}

export type Dragging = ReturnType<typeof useDrag>;

function bands(): Element | null {
  return document.querySelector("[data-bands]");
}

function bandAt({ clientX, clientY }: PointerEvent): string | null {
  const under = document.elementsFromPoint(clientX, clientY);
  const band = under.find((element) => element.matches("[data-band]"));
  return band?.getAttribute("data-band") ?? null;
}

/** Escape puts back what is in the hand, and does nothing else; so does letting go once its handle is not there any more. */
function usePutBack(isDragging: boolean, letGo: () => void): void {
  const putBack = useEffectEvent(letGo);
  useEffect(() => {
    if (!isDragging) return;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      putBack();
    };
    const onPointerUp = ({ isPrimary }: globalThis.PointerEvent) => isPrimary && putBack();
    window.addEventListener("keydown", onKeyDown, true);
    window.addEventListener("pointerup", onPointerUp);
    return () => {
      window.removeEventListener("keydown", onKeyDown, true);
      window.removeEventListener("pointerup", onPointerUp);
    };
  }, [isDragging]);
}
