/** The next task, fetched and its texts drawn in advance while somebody works; nothing is leased for it. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api } from "@/api/client";
import { isStatus } from "@/api/errors";
import type { LocalDraft } from "@/features/labeling/task/localDraft";
import { type Assignment, isAhead } from "@/features/labeling/task/types";
import { localCopy } from "@/features/labeling/task/useWork";
import { warmMarkdown } from "@/ui/Markdown";

/** After the task itself and what stands around it; also who answers within a second finds the next one here. */
const DELAY_MS = 50;
/** Somebody else may have taken it since. */
const REFRESH_MS = 60_000;
const OFFLINE_MS = 10 * 60_000;

export type Upcoming = { assignment: Assignment; local: LocalDraft | null };

/** Returns what very likely comes after the task that is on the screen, once that is leased and something does. */
export function useUpcoming(projectId: number, userId: number, onScreen: Assignment | undefined) {
  const { data } = useQuery({
    queryKey: ["upcoming", projectId, onScreen?.id],
    enabled: onScreen !== undefined && !isAhead(onScreen),
    queryFn: async ({ signal }) => {
      await new Promise((resolve) => setTimeout(resolve, DELAY_MS));
      try {
        const params = { path: { project_id: projectId } };
        const { data } = await api.GET("/api/v1/projects/{project_id}/upcoming", { params, signal });
        return data?.assignment ?? null;
      } catch (error) {
        if (isStatus(error, 404)) return null; // paused, or no longer a member: nothing is to come
        throw error;
      }
    },
    staleTime: REFRESH_MS,
    refetchInterval: REFRESH_MS,
    // Without a network it is still known to who goes back to a task and on again.
    gcTime: OFFLINE_MS,
  });
  const upcoming = useRef<Upcoming | null>(null);
  useEffect(() => {
    if (!data) return;
    let isWanted = true;
    void localCopy(userId, data, "label").then((local) => {
      if (!isWanted) return;
      upcoming.current = { assignment: data, local };
      // From here on a submission shows the next task at once; nothing on the screen tells, so that nothing renders for it.
      performance.mark("labelapp:upcoming", { detail: data.id });
    });
    return () => {
      isWanted = false;
      upcoming.current = null;
    };
  }, [data, userId]);
  useEffect(() => {
    if (!data) return;
    const { prompt, responses } = data;
    const texts = [...prompt.messages.map(({ content }) => content), ...responses.map(({ text }) => text)];
    return whenIdle(texts.map((text) => () => warmMarkdown(text)));
  }, [data]);
  return upcoming;
}

/** One piece of work per idle moment, so that no keystroke waits for them. */
function whenIdle(works: (() => void)[]): () => void {
  const request = window.requestIdleCallback ?? ((work: () => void) => window.setTimeout(work, 50));
  const cancel = window.cancelIdleCallback ?? window.clearTimeout;
  let handle = 0;
  const next = () => {
    works.shift()?.();
    if (works.length) handle = request(next);
  };
  handle = request(next);
  return () => cancel(handle);
}
