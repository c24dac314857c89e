import "fake-indexeddb/auto";
import { MantineProvider } from "@mantine/core";
import { act, fireEvent, render } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { browserStore } from "@/features/labeling/task/browserStore";
import { outbox } from "@/features/labeling/task/outbox";
import { TaskHold } from "@/features/labeling/task/TaskHold";
import type { Assignment, Entry } from "@/features/labeling/task/types";
import { useKeys } from "@/features/labeling/task/useKeys";

const ENTRY: Entry = {
  key: "1",
  userId: 7,
  projectId: 3,
  projectName: "Rank them",
  assignmentId: 42,
  mode: "label",
  leaseToken: "token",
  body: { idempotency_key: "1", instruction_version_id: 1, elapsed_seconds: 1, active_seconds: 1 },
  draftKey: "7:label:42",
  draft: { content: null, revision: 0, savedAt: "2026", isAhead: true },
  queuedAt: "2026-11-22T10:00:00.000Z",
};

let renders = 0;

function Task({ onCommand }: { onCommand: (type: string) => void }) {
  renders++;
  useKeys("rate", (command) => onCommand(command.type));
  return <p>The task</p>;
}

afterEach(() => vi.unstubAllGlobals());

test("a task is held still from the moment its answer is queued, and says so once that takes long", async () => {
  let fail = (_: Error) => {};
  vi.stubGlobal("fetch", () => new Promise((_, reject) => (fail = reject)));
  const commands: string[] = [];
  const page = render(
    <MantineProvider>
      <TaskHold assignment={{ id: 42 } as Assignment} mode="label">
        <Task onCommand={(type) => commands.push(type)} />
      </TaskHold>
    </MantineProvider>,
  );
  const held = () => page.getByText("The task").closest("[inert]");
  fireEvent.keyDown(window, { key: "j" });
  expect(commands).toEqual(["next"]);
  expect(held()).toBeNull();

  const before = renders;
  const sent = outbox.submit(ENTRY, null).catch(() => "withdrawn");
  await vi.waitFor(() => expect(held()).not.toBeNull());
  expect(outbox.state().attempt).toBe(0);
  expect(page.queryByRole("status"), "nothing flashes where the server is quick").toBeNull();
  fireEvent.keyDown(window, { key: "j" });
  expect(commands).toEqual(["next"]);

  await act(async () => fail(new TypeError("Failed to fetch")));
  await vi.waitFor(() => expect(page.getByRole("status").textContent).toContain("Waiting to be sent."));
  fireEvent.keyDown(window, { key: "j" });
  expect(commands).toEqual(["next"]);

  await act(() => outbox.withdraw("1"));
  expect(await sent).toBe("withdrawn");
  expect(held()).toBeNull();
  fireEvent.keyDown(window, { key: "j" });
  expect(commands).toEqual(["next", "next"]);
  expect(renders, "the task itself does not render anew").toBe(before);
});

test("what had the focus has it again when the answer is taken back", async () => {
  vi.stubGlobal("fetch", () => new Promise(() => undefined));
  const page = render(
    <MantineProvider>
      <TaskHold assignment={{ id: 42 } as Assignment} mode="label">
        <button type="button">Submit</button>
      </TaskHold>
    </MantineProvider>,
  );
  const button = page.getByText("Submit");
  button.focus();
  await (await browserStore()).put("outbox", "2", { ...ENTRY, key: "2" });
  await outbox.start(8);
  await outbox.start(ENTRY.userId);
  await vi.waitFor(() => expect(button.closest("[inert]")).not.toBeNull());
  button.blur(); // as a browser does with what is inert
  await act(() => outbox.discard("2"));
  await vi.waitFor(() => expect(document.activeElement).toBe(button));
});
