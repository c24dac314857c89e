/** How long somebody has worked without a break, across tasks and reloads. Pure, so that hours can be tested in no time. */

/** Reading counts as work for so long after the last movement, as on the clock of a task. */
const IDLE_MS = 30_000;
/** Away for so long, and it was a break. */
const BREAK_MS = 5 * 60_000;
/** Asked again after so much more work. */
const LATER_MS = 10 * 60_000;

export type Stretch = {
  workedMs: number;
  /** Of the last movement. */
  movedAt: number;
  tickedAt: number;
  /** No reminder before so much work. */
  quietUntilMs: number;
};

export function newStretch(now: number): Stretch {
  return { workedMs: 0, movedAt: now, tickedAt: now, quietUntilMs: 0 };
}

/** Somebody did something: after a long absence, the first thing of a new stretch. */
export function moved(stretch: Stretch, now: number): Stretch {
  return now - stretch.movedAt >= BREAK_MS ? newStretch(now) : { ...stretch, movedAt: now };
}

export function ticked(stretch: Stretch, now: number): Stretch {
  const passed = Math.min(now - stretch.tickedAt, IDLE_MS);
  const isWork = now - stretch.movedAt <= IDLE_MS && passed > 0;
  return { ...stretch, tickedAt: now, workedMs: stretch.workedMs + (isWork ? passed : 0) };
}

export function later(stretch: Stretch): Stretch {
  return { ...stretch, quietUntilMs: stretch.workedMs + LATER_MS };
}

export function isDue(stretch: Stretch, minutes: number): boolean {
  return minutes > 0 && stretch.workedMs >= Math.max(minutes * 60_000, stretch.quietUntilMs);
}

/** What was stored, if it can be believed: another version, or a clock that was set back, begins anew. */
export function readStretch(stored: string | null, now: number): Stretch {
  try {
    const found = JSON.parse(stored ?? "null") as Partial<Stretch> | null;
    const values = [found?.workedMs, found?.movedAt, found?.tickedAt, found?.quietUntilMs];
    const isSound = values.every((value) => Number.isFinite(value)) && Number(found?.movedAt) <= now;
    return isSound ? { ...(found as Stretch), tickedAt: now } : newStretch(now);
  } catch {
    return newStretch(now);
  }
}
