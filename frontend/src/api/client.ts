/**
 * The typed client of /api/v1/. `api` for single calls, `$api` for queries and mutations:
 *
 *   const projects = $api.useQuery("get", "/api/v1/projects", { params: { query: { state: "active" } } });
 *
 * Query keys are `[method, path, init]`, so `invalidate("/api/v1/projects")` refreshes every variant of a list.
 */
import { QueryCache, QueryClient, type QueryKey } from "@tanstack/react-query";
import createClient from "openapi-fetch";
import createQueryHooks from "openapi-react-query";
import { isStatus, isTransient } from "@/api/errors";
import { serverFetch } from "@/api/http";
import type { components, paths } from "@/api/schema";

export type Schemas = components["schemas"];

export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: serverFetch });
export const $api = createQueryHooks(api);

/** The session ended while a page was open. A form's own request does not come here: what was typed stays on screen. */
function leaveWhenLoggedOut(error: unknown): void {
  if (!isStatus(error, 401, 403) || window.location.pathname === "/login") return;
  const here = window.location.pathname + window.location.search;
  window.location.assign(`/login?next=${encodeURIComponent(here)}`);
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: leaveWhenLoggedOut }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (count, error) => isTransient(error) && count < 3,
      refetchOnWindowFocus: true,
    },
    mutations: { retry: false },
  },
});

/**
 * Refetches what is cached under `queryKey`. A first fetch that is under way may have been answered before the change, and
 * TanStack Query does not begin it anew: it is followed by a second.
 */
export async function refetch(queryKey: QueryKey): Promise<void> {
  const loading = queryClient
    .getQueryCache()
    .findAll({ queryKey, fetchStatus: "fetching" })
    .filter((query) => query.state.data === undefined);
  await queryClient.invalidateQueries({ queryKey });
  if (loading.length)
    await queryClient.invalidateQueries({ queryKey, predicate: (query) => loading.includes(query) });
}

/** Refetches every cached GET whose path is one of `paths`, whatever its parameters. */
export function invalidate(...paths: (keyof paths)[]): Promise<unknown> {
  return Promise.all(paths.map((path) => refetch(["get", path])));
}
