import "fake-indexeddb/auto";
import { QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { queryClient, type Schemas } from "@/api/client";
import { dropTask, keptTask } from "@/features/labeling/keptTask";
import { draftKey, removeLocalDraft, writeLocalDraft } from "@/features/labeling/task/localDraft";
import type { Assignment } from "@/features/labeling/task/types";
import { useNext } from "@/features/labeling/useNext";

function task(id: number, state: Assignment["state"]): Assignment {
  const prompt = { messages: [{ role: "user", content: `Task ${id}` }] };
  const project = { id: 3, name: "Write them" };
  const lease_token = state === "leased" ? "token" : null;
  return { id, task_id: id, state, lease_token, project, prompt, responses: [] } as unknown as Assignment;
}

const leased = (id: number): Schemas["Next"] => ({
  status: "task",
  until: null,
  assignment: task(id, "leased"),
});

/** The first wait is also that of a busy machine for all that is imported. */
const soon = (check: () => void) => vi.waitFor(check, 5_000);

function show(answers: (request: Request) => Promise<Response>) {
  vi.stubGlobal("fetch", answers);
  queryClient.clear();
  return renderHook(({ isHere }) => useNext(3, 7, isHere), {
    initialProps: { isHere: true },
    wrapper: ({ children }) => <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>,
  });
}

test("who gives up leaving after the answer before was refused gets the claim of the task shown ahead", async () => {
  const asked: unknown[] = [];
  const { result, rerender, unmount } = show(async (request) => {
    if (request.url.endsWith("/upcoming")) return Response.json({ assignment: task(2, "open") });
    asked.push(await request.json());
    return Response.json(leased(asked.length));
  });
  await soon(() => expect(result.current.upcoming.current).not.toBeNull());
  act(() => void result.current.goAhead());
  const { screen } = result.current.shown ?? {};
  rerender({ isHere: false });
  await act(async () => result.current.withoutClaim());
  expect(asked, "nothing is claimed for who leaves").toEqual([{ preferred_id: null }]);

  rerender({ isHere: true });
  await soon(() => expect(result.current.shown?.next.assignment?.lease_token).toBe("token"));
  expect(result.current.shown, "with what was begun on it").toMatchObject({ screen, next: leased(2) });
  expect(asked).toEqual([{ preferred_id: null }, { preferred_id: 2 }]);
  unmount();
  sessionStorage.clear();
});

test("what takes the place of a task that was shown ahead comes uncalled; what was asked for does not", async () => {
  const { result } = show(async ({ url }) =>
    Response.json(url.endsWith("/upcoming") ? { assignment: task(2, "open") } : leased(1)),
  );
  const shown = () => ({
    id: result.current.shown?.next.assignment?.id,
    isUncalled: result.current.shown?.isUncalled,
  });
  await soon(() => expect(shown()).toEqual({ id: 1, isUncalled: false }));
  await soon(() => expect(result.current.upcoming.current).not.toBeNull());
  act(() => void result.current.goAhead());
  expect(shown()).toEqual({ id: 2, isUncalled: false });

  const local = { content: null, revision: 0, savedAt: "2026", isAhead: true };
  const assignment = task(1, "leased");
  act(() => result.current.goBack({ assignment, local, problem: null }));
  await soon(() => expect(shown(), "taken back by hand").toEqual({ id: 1, isUncalled: false }));
  await soon(() => expect(result.current.upcoming.current).not.toBeNull());
  act(() => void result.current.goAhead());
  await act(() => result.current.show(leased(2)));
  await soon(() => expect(shown(), "its claim").toEqual({ id: 2, isUncalled: false }));

  act(() => result.current.goBack({ assignment, local, problem: { kind: "refused", message: "No." } }));
  await soon(() => expect(shown(), "the answer before was refused").toEqual({ id: 1, isUncalled: true }));
  await soon(() => expect(result.current.upcoming.current).not.toBeNull());
  act(() => void result.current.goAhead());
  await act(() => result.current.show(leased(4)));
  await soon(() => expect(shown(), "somebody else had claimed it").toEqual({ id: 4, isUncalled: true }));
});

test("who comes back while the server is away goes on with the task that they left, and with what it took since", async () => {
  const online = show(async ({ url }) =>
    Response.json(url.endsWith("/upcoming") ? { assignment: null } : leased(1)),
  );
  await soon(() => expect(online.result.current.shown).toBeDefined());
  online.unmount();
  const key = draftKey(7, 1, "label");
  await writeLocalDraft(key, { content: "typed", revision: 4, savedAt: "2026", isAhead: false });

  const offline = show(() => Promise.reject(new TypeError("Failed to fetch")));
  await soon(() => expect(offline.result.current.shown?.next.assignment?.id).toBe(1));
  const draft = { content: "typed", revision: 4 };
  expect(offline.result.current.shown?.next.assignment?.draft).toMatchObject(draft);
  act(() => offline.result.current.drop());
  expect(keptTask(3, 7), "it is answered").toBeUndefined();
  offline.unmount();
  await removeLocalDraft(key);
});

test("who comes back at once finds what they typed, though what the visit before read is still there", async () => {
  const { unmount } = show(async ({ url }) =>
    Response.json(url.endsWith("/upcoming") ? { assignment: null } : leased(1)),
  );
  await soon(() => expect(keptTask(3, 7)).toBeDefined());
  const key = draftKey(7, 1, "label");
  await writeLocalDraft(key, { content: "typed", revision: 0, savedAt: "2026", isAhead: true });

  const again = renderHook(() => useNext(3, 7, true), {
    wrapper: ({ children }) => <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>,
  });
  expect(again.result.current.shown, "not the screen from before it was typed").toBeUndefined();
  await soon(() => expect(again.result.current.shown?.local?.content).toBe("typed"));
  unmount();
  again.unmount();
  dropTask(3, 7);
  await removeLocalDraft(key);
});

test("a task that is shown ahead, and whatever a server that answers says, is not kept", async () => {
  const { result, unmount } = show(async ({ url }) =>
    Response.json(url.endsWith("/upcoming") ? { assignment: task(2, "open") } : leased(1)),
  );
  await soon(() => expect(result.current.upcoming.current).not.toBeNull());
  expect(keptTask(3, 7)?.assignment?.id).toBe(1);
  act(() => void result.current.goAhead());
  expect(keptTask(3, 7)).toBeUndefined();
  unmount();
  dropTask(3, 7);
});
