import { QueryClientProvider } from "@tanstack/react-query";
import { renderHook, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { $api, queryClient } from "@/api/client";
import { useTinyBase } from "@/api/tinyBase";

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A page's list of checkpoints, read before the model was there, beside what asks for the model. */
function useListAndModel() {
  const list = $api.useQuery("get", "/api/v1/checkpoints", {}, { staleTime: Number.POSITIVE_INFINITY });
  return { count: list.data?.count, tinyBase: useTinyBase()?.state };
}

test("a model that was finished before it was first asked for brings the list anew, and only once", async () => {
  let lists = 0;
  vi.stubGlobal("fetch", async ({ url }: Request) => {
    if (url.endsWith("/tiny-base")) return Response.json({ state: "ready", problem: "" });
    return Response.json({ count: lists++, results: [] });
  });
  const rendered = () =>
    renderHook(useListAndModel, {
      wrapper: ({ children }) => <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>,
    });
  const { result, unmount } = rendered();
  await waitFor(() => expect(result.current).toEqual({ count: 1, tinyBase: "ready" }), { timeout: 10_000 });
  unmount();
  const again = rendered();
  expect(again.result.current).toEqual({ count: 1, tinyBase: "ready" });
  expect(queryClient.isFetching({ queryKey: ["get", "/api/v1/checkpoints"] })).toBe(0);
});
