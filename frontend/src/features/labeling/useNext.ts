/**
 * What is on the screen: a task, or why there is none. As soon as an answer is safe in this browser, the next task is
 * shown ahead of its lease; it goes on as it stands once the request that brings the answer has claimed it.
 */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api, type Schemas } from "@/api/client";
import { isTransient } from "@/api/errors";
import { dropTask, keepTask, keptTask, withDraft } from "@/features/labeling/keptTask";
import { contentAsText } from "@/features/labeling/task/asText";
import { type LocalDraft, removeOldDrafts } from "@/features/labeling/task/localDraft";
import { outbox } from "@/features/labeling/task/outbox";
import type { Problem } from "@/features/labeling/task/problem";
import type { Left } from "@/features/labeling/task/taskSetting";
import { type Assignment, isAhead } from "@/features/labeling/task/types";
import { localCopy } from "@/features/labeling/task/useWork";
import { useUpcoming } from "@/features/labeling/useUpcoming";

/** A request for the next task that failed is made again. */
const ERROR_RETRY_MS = 5_000;
/** A task that was on the screen for less, and that nothing was done on, was hardly seen. */
const SEEN_MS = 1_000;

type Next = Schemas["Next"];

/** A task comes with this browser's own copy of its draft: the screen starts with both. */
type Shown = {
  next: Next;
  local: LocalDraft | null;
  problem: Problem | null;
  /** It came by itself, in the place of another that somebody had their hands on. */
  isUncalled: boolean;
  /** Another number is another screen, also where it is the same task. */
  screen: number;
};

let screens = 0;
let visits = 0;

function newScreen(next: Next, shown: Partial<Shown> = {}): Shown {
  return { next, local: null, problem: null, isUncalled: false, ...shown, screen: ++screens };
}

function asNext(assignment: Assignment): Next {
  return { status: "task", until: null, assignment };
}

/** What was shown ahead goes on only if it is what was seen; a task that was leased before does in any case. */
function goesOn(before: Assignment | null | undefined, now: Assignment | null): boolean {
  if (!before || before.id !== now?.id) return false;
  const seen = ({ project, prompt, responses, draft }: Assignment) =>
    JSON.stringify([project, prompt, responses, draft?.revision]);
  return !isAhead(before) || seen(before) === seen(now);
}

/** `isHere` is false while another page is on its way. */
export function useNext(projectId: number, userId: number, isHere: boolean) {
  const queries = useQueryClient();
  // Each visit reads anew: what the one before read is older than what was typed in it, and is still there when somebody
  // comes back at once.
  const key = useMemo(() => [...nextKey(projectId), ++visits], [projectId]);
  const onScreen = useRef<Shown>(undefined);
  /** What was done, as text, on a task that was shown ahead and is another's now; null while there is none. */
  const [taken, setTaken] = useState<string | null>(null);
  const aheadSince = useRef(0);
  const isOpen = useRef(true);
  useEffect(() => {
    isOpen.current = true;
    return () => {
      isOpen.current = false;
    };
  }, []);
  const shownAs = useCallback(
    async (next: Next): Promise<Shown> => {
      const { current: shown } = onScreen;
      const before = shown?.next.assignment;
      if (shown && goesOn(before, next.assignment)) return { ...shown, next };
      if (before && isAhead(before) && before.id !== next.assignment?.id) {
        const done = await localCopy(userId, before, "label");
        if (done?.isAhead || Date.now() - aheadSince.current > SEEN_MS)
          setTaken(done ? contentAsText(done.content) : "");
      }
      const local = next.assignment && (await localCopy(userId, next.assignment, "label"));
      return newScreen(next, { local, isUncalled: Boolean(before && isAhead(before)) });
    },
    [userId],
  );
  const { data, refetch, isFetching, error } = useNextQuery(key, projectId, userId, shownAs);
  // A claim for somebody who is leaving would only keep the task from others; who stays after all gets it.
  const [lacksClaim, setLacksClaim] = useState(false);
  useEffect(() => {
    if (!lacksClaim || !isHere) return;
    setLacksClaim(false);
    void refetch();
  }, [lacksClaim, isHere, refetch]);

  // In the place of the task that was answered, for as long as nothing newer is known.
  const [ahead, setAhead] = useState<{ instead: Shown; shown: Shown } | null>(null);
  const shown = ahead && ahead.instead === data ? ahead.shown : data;
  onScreen.current = shown;
  const next = shown?.next;
  useEffect(() => {
    if (next) keepTask(projectId, userId, next);
  }, [next, projectId, userId]);
  const upcoming = useUpcoming(projectId, userId, shown?.next.assignment ?? undefined);
  const goAhead = useCallback(() => {
    const { current: instead } = onScreen;
    const { current: next } = upcoming;
    if (!instead || !next) return false;
    aheadSince.current = Date.now();
    setTaken(null);
    remember(projectId, next.assignment.id);
    setAhead({ instead, shown: newScreen(asNext(next.assignment), { local: next.local }) });
    return true;
  }, [upcoming, projectId]);

  const put = useCallback(
    (task: Shown) => void (isOpen.current && queries.setQueryData(key, task)),
    [queries, key],
  );
  return {
    shown,
    error,
    isFetching,
    refetch,
    upcoming,
    taken,
    closeTaken: useCallback(() => setTaken(null), []),
    goAhead,
    /** What was on the screen is done with. */
    drop: useCallback(() => dropTask(projectId, userId), [projectId, userId]),
    show: useCallback(async (next: Next) => put(await shownAs(next)), [put, shownAs]),
    goBack: useCallback(
      ({ assignment, local, problem }: Left) =>
        put(newScreen(asNext(assignment), { local, problem, isUncalled: problem !== null })),
      [put],
    ),
    isOpen: useCallback(() => isOpen.current, []),
    withoutClaim: useCallback(() => setLacksClaim(true), []),
  };
}

/** Which task was shown ahead in this tab: after a reload it is asked for by its number, for what was begun on it. */
const AHEAD = "labelapp:ahead:";

function remember(projectId: number, assignmentId: number): void {
  try {
    sessionStorage.setItem(AHEAD + projectId, String(assignmentId));
  } catch {
    // Then the server chooses.
  }
}

function remembered(projectId: number): number | null {
  try {
    return Number(sessionStorage.getItem(AHEAD + projectId)) || null;
  } catch {
    return null;
  }
}

/** Of all visits to the page. */
export function nextKey(projectId: number) {
  return ["next", projectId];
}

function useNextQuery(
  key: readonly unknown[],
  projectId: number,
  userId: number,
  shownAs: (next: Next) => Promise<Shown>,
) {
  const queries = useQueryClient();
  /** To who comes back without a server: the task that they left. */
  const left = async (): Promise<Shown | null> => {
    const next = keptTask(projectId, userId);
    if (!next?.assignment || queries.getQueryData(key)) return null;
    const local = await localCopy(userId, next.assignment, "label");
    return newScreen(withDraft(next, local), { local });
  };
  return useQuery({
    queryKey: key,
    queryFn: async (): Promise<Shown | undefined> => {
      // An answer that still waits would come back as an unanswered task.
      await outbox.start(userId);
      await outbox.whenSent(projectId);
      const params = { path: { project_id: projectId } };
      const body = { preferred_id: remembered(projectId) };
      try {
        const { data } = await api.POST("/api/v1/projects/{project_id}/next", { params, body });
        void removeOldDrafts();
        return data && shownAs(data);
      } catch (error) {
        const before = isTransient(error) ? await left() : null;
        if (!before) throw error;
        return before;
      }
    },
    // Asking takes a lease, so it happens when somebody opens the page or has finished, and never in passing.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    structuralSharing: false,
    // Offline, what waits is shown, not a request that was never made.
    networkMode: "always",
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    throwOnError: (_error, query) => query.state.data === undefined,
    refetchInterval: ({ state }) =>
      state.status === "error" ? ERROR_RETRY_MS : untilFree(state.data?.next.until),
  });
}

/** When others hold everything, asks again once the first lease ends. */
function untilFree(until: string | null | undefined): number | false {
  return until ? Math.max(2_000, Date.parse(until) - Date.now() + 500) : false;
}
