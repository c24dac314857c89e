/** Keeps the lease while somebody works on the task, and lets it go when nobody does. */
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { api } from "@/api/client";
import { ApiError } from "@/api/errors";
import { type Assignment, isAhead } from "@/features/labeling/task/types";
import type { WorkClock } from "@/features/labeling/task/workClock";

const CHECK_MS = 10_000;
/** Renewed when a third of it is over, so that a lost request or two cost nothing. */
const RENEW_AFTER = 1 / 3;

export function isDue(lease: { from: number; until: number }, now: number): boolean {
  return now >= lease.from + (lease.until - lease.from) * RENEW_AFTER;
}

type UseLeaseOptions = {
  assignment: Assignment;
  isHeld: boolean;
  clock: WorkClock;
  onLost: (error: ApiError) => void;
};

export type Lease = {
  token: RefObject<string | null>;
  /** Resolved from the start, or as soon as a task that was shown ahead of its lease has it. */
  held: Promise<void>;
  renewed: (expiresAt: string | null | undefined) => void;
};

export function useLease({ assignment, isHeld, clock, onLost }: UseLeaseOptions): Lease {
  const token = useRef(assignment.lease_token);
  const [gate] = useState(newGate);
  const span = useRef({ from: 0, until: 0 });

  const renewed = useCallback((expiresAt: string | null | undefined) => {
    if (expiresAt) span.current = { from: Date.now(), until: Date.parse(expiresAt) };
  }, []);

  useEffect(() => {
    token.current = assignment.lease_token;
    renewed(assignment.lease_expires_at);
    if (!isAhead(assignment)) gate.open();
  }, [assignment, renewed, gate]);

  const assignmentId = assignment.id;
  useEffect(() => {
    if (!isHeld) return;
    const renew = async () => {
      if (!token.current || !clock.isActive() || !isDue(span.current, Date.now())) return;
      try {
        const { data } = await api.POST("/api/v1/assignments/{assignment_id}/heartbeat", {
          params: { path: { assignment_id: assignmentId } },
          body: { lease_token: token.current },
        });
        renewed(data?.lease_expires_at);
      } catch (error) {
        // A network that is down is the autosave's to show; the next beat tries again.
        if (error instanceof ApiError && (error.status === 404 || error.status === 409)) onLost(error);
      }
    };
    const timer = setInterval(() => void renew(), CHECK_MS);
    return () => clearInterval(timer);
  }, [assignmentId, isHeld, clock, onLost, renewed]);

  return { token, held: gate.opened, renewed };
}

function newGate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
