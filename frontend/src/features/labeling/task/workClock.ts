/** Two clocks: since the task was opened, and of that the time in which the labeler did something. */
import { useEffect, useRef, useState } from "react";

/** Reading counts as work for so long after the last movement. */
const IDLE_MS = 30_000;
/** A browser lets a hidden page's clock tick once a minute; a gap longer than that is a computer that slept. */
const ASLEEP_MS = 90_000;
const ACTIVITY = ["pointermove", "pointerdown", "keydown", "wheel", "scroll", "touchmove"] as const;

export type Spent = { elapsed: number; active: number };

export class WorkClock {
  private elapsedMs: number;
  private activeMs: number;
  private lastTick: number;
  private lastActivity: number;

  constructor(spent: Spent, now = Date.now()) {
    this.elapsedMs = spent.elapsed * 1000;
    this.activeMs = spent.active * 1000;
    this.lastTick = this.lastActivity = now;
  }

  didSomething(now = Date.now()): void {
    this.lastActivity = now;
  }

  /** A laptop that slept for a night did not label for a night: a long gap between ticks counts for neither. */
  tick(isVisible: boolean, now = Date.now()): void {
    const passed = now - this.lastTick;
    this.lastTick = now;
    if (passed < 0 || passed > ASLEEP_MS) return;
    this.elapsedMs += passed;
    if (isVisible && now - this.lastActivity <= IDLE_MS) this.activeMs += passed;
  }

  isActive(now = Date.now()): boolean {
    return now - this.lastActivity <= IDLE_MS;
  }

  spent(): Spent {
    return { elapsed: Math.floor(this.elapsedMs / 1000), active: Math.floor(this.activeMs / 1000) };
  }
}

/** The clock of one task, running while the component is mounted. */
export function useWorkClock(initial: Spent): WorkClock {
  const [clock] = useState(() => new WorkClock(initial));
  useEffect(() => {
    const note = () => clock.didSomething();
    for (const name of ACTIVITY) window.addEventListener(name, note, { passive: true, capture: true });
    const timer = setInterval(() => clock.tick(document.visibilityState === "visible"), 1000);
    return () => {
      clearInterval(timer);
      for (const name of ACTIVITY) window.removeEventListener(name, note, { capture: true });
    };
  }, [clock]);
  return clock;
}

/** The shown clock alone renders every second, not the screen around it. */
export function useSpent(clock: WorkClock): Spent {
  const [spent, setSpent] = useState(() => clock.spent());
  const latest = useRef(clock);
  latest.current = clock;
  useEffect(() => {
    const timer = setInterval(() => setSpent(latest.current.spent()), 1000);
    return () => clearInterval(timer);
  }, []);
  return spent;
}
