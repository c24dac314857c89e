/** The next task's texts, fetched and drawn in advance while somebody works; nothing is leased for it. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api } from "@/api/client";
import { isStatus } from "@/api/errors";
import { warmMarkdown } from "@/ui/Markdown";

const DELAY_MS = 300;
/** Somebody else may have taken it since. */
const REFRESH_MS = 60_000;

/** Returns the id of the slot that the next claim should prefer. */
export function useUpcoming(projectId: number, assignmentId: number | undefined) {
  const { data } = useQuery({
    queryKey: ["upcoming", projectId, assignmentId],
    enabled: assignmentId !== undefined,
    queryFn: async ({ signal }) => {
      await new Promise((resolve) => setTimeout(resolve, DELAY_MS));
      try {
        const params = { path: { project_id: projectId } };
        return (await api.GET("/api/v1/projects/{project_id}/upcoming", { params, signal })).data ?? null;
      } catch (error) {
        if (isStatus(error, 404)) return null; // paused, or no longer a member: nothing is to come
        throw error;
      }
    },
    staleTime: REFRESH_MS,
    refetchInterval: REFRESH_MS,
    gcTime: 0,
  });
  const preferredId = useRef<number | null>(null);
  preferredId.current = data?.assignment_id ?? null;
  useEffect(() => {
    if (!data) return;
    return whenIdle(
      [...data.messages.map(({ content }) => content), ...data.responses].map(
        (text) => () => warmMarkdown(text),
      ),
    );
  }, [data]);
  return preferredId;
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
