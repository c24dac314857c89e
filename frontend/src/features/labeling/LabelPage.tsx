import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useCallback, useRef } from "react";
import { api, invalidate } from "@/api/client";
import { useEvents } from "@/api/events";
import { NoTask } from "@/features/labeling/NoTask";
import { TaskScreen } from "@/features/labeling/TaskScreen";
import { Busy } from "@/ui/Busy";

/** One task after the other, until there is none. */
export function LabelPage() {
  const projectId = Number(useParams({ from: "/members/label/$projectId" }).projectId);
  const { data: next, refetch, isFetching } = useNext(projectId);
  // The one that was answered must not stay on the screen, where it could be answered again.
  const answered = useRef<number | null>(null);

  const onDone = useCallback(() => {
    answered.current = next?.assignment?.id ?? null;
    void refetch();
    void invalidate("/api/v1/progress", "/api/v1/history");
  }, [next, refetch]);
  const onAskAgain = useCallback(() => void refetch(), [refetch]);

  const isWaiting = next?.status !== "task";
  useEvents(isWaiting && next ? [`labeling:${projectId}`] : [], [nextKey(projectId)]);

  if (!next?.assignment)
    return next ? <NoTask next={next} onAskAgain={onAskAgain} isAsking={isFetching} /> : <Busy />;
  if (isFetching && answered.current === next.assignment.id) return <Busy />;
  return <TaskScreen assignment={next.assignment} mode="label" onDone={onDone} onAskAgain={onAskAgain} />;
}

function nextKey(projectId: number) {
  return ["next", projectId];
}

function useNext(projectId: number) {
  return useQuery({
    queryKey: nextKey(projectId),
    queryFn: async () => {
      const params = { path: { project_id: projectId } };
      const { data } = await api.POST("/api/v1/projects/{project_id}/next", { params });
      return data ?? null;
    },
    // Asking takes a lease, so it happens when somebody opens the page or has finished, and never in passing.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    throwOnError: (_error, query) => query.state.data === undefined,
    refetchInterval: ({ state }) => untilFree(state.data?.until),
  });
}

/** When others hold everything, asks again once the first lease ends. */
function untilFree(until: string | null | undefined): number | false {
  return until ? Math.max(2_000, Date.parse(until) - Date.now() + 500) : false;
}
