/** Boxes that scroll together: each shows the same part of the whole, whatever its length. */
import { createContext } from "react";

export type ScrollSync = {
  /** Lets a box take part; returns how it leaves. */
  join: (box: HTMLElement) => () => void;
  /** The next boxes start from the top again. */
  forget: () => void;
};

export const ScrollSyncContext = createContext<ScrollSync | null>(null);

function range(box: HTMLElement): number {
  return Math.max(0, box.scrollHeight - box.clientHeight);
}

/** How far a box is scrolled, from 0 to 1. */
export function progressOf(box: HTMLElement): number {
  return range(box) ? Math.min(1, box.scrollTop / range(box)) : 0;
}

export function createScrollSync(): ScrollSync {
  const boxes = new Set<HTMLElement>();
  // A box that was moved by us tells of it like one that a person moved: only the latter leads.
  const moved = new WeakMap<HTMLElement, number>();
  let progress = 0;

  const move = (box: HTMLElement) => {
    const top = Math.round(progress * range(box));
    if (Math.abs(box.scrollTop - top) < 1) return;
    box.scrollTop = top;
    moved.set(box, box.scrollTop);
  };
  const onScroll = (event: Event) => {
    const box = event.currentTarget as HTMLElement;
    const ours = moved.get(box);
    moved.delete(box);
    if ((ours !== undefined && Math.abs(box.scrollTop - ours) < 2) || !range(box)) return;
    progress = progressOf(box);
    for (const other of boxes) if (other !== box) move(other);
  };
  return {
    join: (box) => {
      boxes.add(box);
      move(box);
      box.addEventListener("scroll", onScroll, { passive: true });
      return () => {
        boxes.delete(box);
        box.removeEventListener("scroll", onScroll);
      };
    },
    forget: () => {
      progress = 0;
    },
  };
}
