import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { $api, queryClient } from "@/api/client";
import ThreadPanel from "@/features/labeling/task/ThreadPanel";
import type { Assignment } from "@/features/labeling/task/types";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const ASSIGNMENT = { id: 5, task_id: 8, state: "leased", project: { id: 3 } } as Assignment;
const UNREAD = { task: 0, project: 0, elsewhere: 0, total: 0 };

/** What the task's screen beside the panel asks for too. */
function Page() {
  $api.useQuery("get", "/api/v1/threads", {});
  return <ThreadPanel assignment={ASSIGNMENT} unread={UNREAD} onClose={() => undefined} />;
}

test("a question is shown once while its thread has it and the list of threads is still on its way", async () => {
  queryClient.setQueryData(["session"], { id: 7, name: "Ann", role: "labeler" });
  // Mantine's growing text fields listen to it, and happy-dom has none.
  Object.defineProperty(document, "fonts", { value: new EventTarget(), configurable: true });
  const sent: Record<string, unknown>[] = [];
  let answerThreads = (_: Response) => {};
  vi.stubGlobal("fetch", async (request: Request) => {
    if (request.method === "POST") sent.push(await request.json());
    if (request.url.endsWith("/threads"))
      return new Promise<Response>((resolve) => (answerThreads = resolve));
    const author = { id: 7, name: "Ann", is_researcher: false };
    const messages = sent.map((body) => ({ id: 1, author, created_at: "2026-01-01T00:00:00Z", ...body }));
    return Response.json({ project_id: 3, task_id: 8, last_read_id: 1, earlier_count: 0, messages });
  });
  const page = render(
    <QueryClientProvider client={queryClient}>
      <MantineProvider env="test">
        <Page />
      </MantineProvider>
    </QueryClientProvider>,
  );
  await page.findByText("Ask what you need to know; you can go on meanwhile.");
  const field = page.getByRole("textbox");
  fireEvent.change(field, { target: { value: "May I?" } });
  fireEvent.keyDown(field, { key: "Enter", ctrlKey: true });
  expect(page.getByRole("listitem").textContent).toContain("being sent");

  await waitFor(() => expect(page.container.querySelector("time")).not.toBeNull());
  expect(page.getAllByText("May I?")).toHaveLength(1);
  expect(page.queryByText(/being sent/)).toBeNull();

  await act(async () => answerThreads(Response.json({ unread: 0, threads: [] })));
  expect(page.getAllByText("May I?")).toHaveLength(1);
});
