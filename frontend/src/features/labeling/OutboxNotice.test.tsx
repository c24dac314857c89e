import "fake-indexeddb/auto";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { fireEvent, render } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { queryClient } from "@/api/client";
import { OutboxNotice } from "@/features/labeling/OutboxNotice";
import { browserStore } from "@/features/labeling/task/browserStore";
import type { Letter } from "@/features/labeling/task/letters";
import type { Entry } from "@/features/labeling/task/types";

const ENTRY = {
  key: "1",
  userId: 7,
  projectId: 3,
  projectName: "Write them",
  assignmentId: 42,
  mode: "label",
  draft: { content: { content: { text: "All that I wrote" } } },
  queuedAt: "2026-11-22T10:00:00.000Z",
  refused: "It went to somebody else.",
} as Entry;
const QUESTION: Letter = {
  to: "task",
  key: "2",
  taskId: 8,
  projectId: 3,
  body: "Which of the two?",
  writtenAt: "2026-11-22T10:00:00Z",
  refused: "There is no such task of yours.",
};

test("every page tells what was refused, with its text, until it is closed", async () => {
  const copied = vi.fn(async () => undefined);
  vi.stubGlobal("navigator", { ...navigator, onLine: true, clipboard: { writeText: copied } });
  queryClient.setQueryData(["session"], { id: 7, name: "Ann", role: "labeler" });
  await (await browserStore()).put("outbox", "1", ENTRY);
  localStorage.setItem("labelapp:letters:7", JSON.stringify([QUESTION]));
  const routeTree = createRootRoute({ component: OutboxNotice });
  const router = createRouter({ routeTree, history: createMemoryHistory({ initialEntries: ["/"] }) });
  const page = render(
    <QueryClientProvider client={queryClient}>
      <MantineProvider env="test">
        <RouterProvider router={router as never} />
      </MantineProvider>
    </QueryClientProvider>,
  );
  await vi.waitFor(() => expect(page.getAllByRole("alert")).toHaveLength(2), 5_000);
  const told = page.getAllByRole("alert").map(({ textContent }) => textContent);
  expect(told[0]).toContain("An answer of yours in Write them was not taken. It went to somebody else.");
  expect(told[1]).toContain("A question of yours was not taken. There is no such task of yours.");
  for (const button of page.getAllByRole("button", { name: "Copy what I did" })) fireEvent.click(button);
  await vi.waitFor(() => expect(copied.mock.calls).toEqual([["All that I wrote"], ["Which of the two?"]]));
  for (const button of page.getAllByRole("button", { name: "Close" })) fireEvent.click(button);
  await vi.waitFor(() => expect(page.queryAllByRole("alert")).toEqual([]));
  expect(await (await browserStore()).all("outbox")).toEqual([]);
  expect(localStorage.getItem("labelapp:letters:7")).toBeNull();
});
