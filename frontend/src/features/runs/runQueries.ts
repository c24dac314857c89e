/** What the pages of runs read. Curves and logs grow, so only what is new is fetched. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { $api, api, queryClient, type Schemas } from "@/api/client";
import { useEvents } from "@/api/events";
import { hasRole, useMe } from "@/api/session";
import { mergeRows, type Row } from "@/features/runs/metricRows";

export type Run = Schemas["Run"];
type Metrics = { rows: Row[]; next: number };
type Log = { text: string; next: number };

const LOG_CHARACTERS = 200_000;

export function isLive(run: Pick<Run, "state">): boolean {
  return run.state === "queued" || run.state === "running";
}

function metricsQuery(id: number) {
  const queryKey = ["run-metrics", id];
  return queryOptions({
    queryKey,
    queryFn: async ({ signal }): Promise<Metrics> => {
      const before = queryClient.getQueryData<Metrics>(queryKey) ?? { rows: [], next: 0 };
      const { data } = await api.GET("/api/v1/runs/{run_id}/metrics", {
        params: { path: { run_id: id }, query: { after: before.next } },
        signal,
      });
      if (!data?.rows.length) return before;
      return { rows: mergeRows(before.rows, data.rows), next: data.next };
    },
    structuralSharing: false,
  });
}

function logQuery(id: number) {
  const queryKey = ["run-log", id];
  return queryOptions({
    queryKey,
    queryFn: async ({ signal }): Promise<Log> => {
      const before = queryClient.getQueryData<Log>(queryKey);
      const { data } = await api.GET("/api/v1/runs/{run_id}/log", {
        params: { path: { run_id: id }, query: before ? { after: before.next } : {} },
        signal,
      });
      const text = (before?.text ?? "") + (data?.text ?? "");
      return { text: text.slice(-LOG_CHARACTERS), next: data?.next ?? before?.next ?? 0 };
    },
    structuralSharing: false,
  });
}

export function useRunMetrics(id: number): Row[] {
  return useQuery(metricsQuery(id)).data?.rows ?? [];
}

export function useRunLog(id: number): string {
  return useQuery(logQuery(id)).data?.text ?? "";
}

/** What a kind of run can be told, with labels and the paper's values; only admins may read it. */
export function useRunKind(name: Run["kind"]): Schemas["RunKind"] | undefined {
  const enabled = hasRole(useMe(), "admin");
  const { data } = $api.useQuery("get", "/api/v1/run-kinds", {}, { enabled, staleTime: 3_600_000 });
  return data?.find(({ kind }) => kind === name);
}

/** Keeps everything about these runs fresh while a page shows them. */
export function useLiveRuns(ids: number[]): void {
  useEvents(
    ids.map((id) => `run:${id}`),
    ids.flatMap((id) => [
      ["get", "/api/v1/runs/{run_id}", { params: { path: { run_id: id } } }],
      metricsQuery(id).queryKey,
      logQuery(id).queryKey,
    ]),
  );
}
