/** What somebody does on a task that is shown ahead of its lease. */
import "fake-indexeddb/auto";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { queryClient } from "@/api/client";
import { outbox } from "@/features/labeling/task/outbox";
import { SkipDialog } from "@/features/labeling/task/SkipDialog";
import { ALONE, type Done, TaskSettingContext } from "@/features/labeling/task/taskSetting";
import type { Assignment, Entry } from "@/features/labeling/task/types";
import { useWork, type Work } from "@/features/labeling/task/useWork";
import { Toasts } from "@/ui/toasts";

const AHEAD = {
  id: 43,
  task_id: 8,
  state: "open",
  lease_token: null,
  project: { id: 3, name: "Write them" },
  instruction_version: { id: 1, number: 1 },
  draft: null,
  submission: null,
} as Assignment;
const LEASED = { ...AHEAD, state: "leased", lease_token: "token" } as Assignment;

const BEFORE: Entry = {
  key: "1",
  userId: 7,
  projectId: 3,
  projectName: "Write them",
  assignmentId: 42,
  mode: "label",
  leaseToken: "token",
  body: { idempotency_key: "1", instruction_version_id: 1, elapsed_seconds: 1, active_seconds: 1 },
  draftKey: "7:label:42",
  draft: { content: null, revision: 0, savedAt: "2026", isAhead: true },
  queuedAt: "2026-11-22T10:00:00.000Z",
};

type Sent = { url: string; body: unknown };
let requests: Sent[] = [];
let answer: () => Promise<Response>;

beforeEach(() => {
  localStorage.clear();
  queryClient.setQueryData(["session"], { id: 7, name: "Ann", role: "labeler" });
  requests = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    requests.push({ url: new URL(request.url).pathname, body: await request.clone().json() });
    return answer();
  });
  // Mantine's growing text fields listen to it, and happy-dom has none.
  Object.defineProperty(document, "fonts", { value: new EventTarget(), configurable: true });
  return cleanup;
});

function within(children: React.ReactNode) {
  return (
    <QueryClientProvider client={queryClient}>
      <MantineProvider env="test">
        {children}
        <Toasts />
      </MantineProvider>
    </QueryClientProvider>
  );
}

test("a skip waits for the claim, with its note, and the note outlives the screen", async () => {
  const skip = vi.fn(async () => true);
  const dialog = (assignment: Assignment) =>
    within(<SkipDialog assignment={assignment} isOpen onClose={() => {}} skip={skip} />);
  const left = render(dialog(AHEAD));
  expect(Object.keys(localStorage), "a dialog that is not used leaves nothing behind").toEqual([]);
  fireEvent.change(await left.findByRole("textbox"), { target: { value: "Half of it is missing" } });
  left.unmount();
  expect(Object.keys(localStorage)).toHaveLength(1);

  const page = render(dialog(AHEAD));
  expect(((await page.findByRole("textbox")) as HTMLTextAreaElement).value).toBe("Half of it is missing");
  fireEvent.keyDown(page.getByRole("dialog"), { key: "1" });
  await page.findByText("Your last answer is sent first; then this task is skipped.");
  expect(skip).not.toHaveBeenCalled();

  page.rerender(dialog(LEASED));
  await vi.waitFor(() => expect(Object.keys(localStorage)).toEqual([]));
  expect(skip.mock.calls).toEqual([[{ reason: "unclear", note: "Half of it is missing" }]]);
});

function showWork(setting = ALONE, onDone: (done?: Done) => void = () => {}) {
  const held: { work?: Work } = {};
  function Screen({ assignment }: { assignment: Assignment }) {
    held.work = useWork({ assignment, mode: "label", onDone });
    return <p>{held.work.sending.isSending ? "Sending" : "Writing"}</p>;
  }
  const screen = (assignment: Assignment) =>
    within(
      <TaskSettingContext value={setting}>
        <Screen assignment={assignment} />
      </TaskSettingContext>,
    );
  const page = render(screen(AHEAD));
  const work = () => held.work as Work;
  return { page, work, claim: () => page.rerender(screen(LEASED)) };
}

test("a submission that must wait for the answer before says so", async () => {
  answer = () => Promise.reject(new TypeError("Failed to fetch"));
  void outbox.submit(BEFORE, null).catch(() => undefined);
  await outbox.whenLate();
  const { page, work } = showWork();
  await act(() => work().submit({ demonstration: "Done" }));
  await page.findByText("Your last answer must be sent first. Submit this one after it.");
  page.getByText("Writing");
  await outbox.withdraw("1");
});

test("a submission of what was changed meanwhile is not made, and says so", async () => {
  answer = () => new Promise(() => undefined);
  const { page, work, claim } = showWork();
  let submitted: Promise<void> | undefined;
  act(() => work().change({ text: "Done" }));
  act(() => {
    submitted = work().submit({ demonstration: "Done" });
  });
  await page.findByText("Sending");
  act(() => work().change({ text: "Done, but" }));
  claim();
  await act(async () => submitted);
  await page.findByText("You have changed it while it waited for your last answer. Submit it again.");
  expect(requests.filter(({ url }) => url.endsWith("/submit"))).toEqual([]);
});

test("a refusal while another page is on its way is left for every page to tell, and who stays can submit again", async () => {
  answer = () => Promise.reject(new TypeError("Failed to fetch"));
  const { page, work, claim } = showWork();
  claim();
  act(() => void work().submit({ demonstration: "Done" }));
  await outbox.whenLate();
  window.history.pushState({}, "", "/elsewhere");
  answer = async () => Response.json({ code: "task_withdrawn", message: "Withdrawn." }, { status: 409 });
  act(() => outbox.retryNow());
  await vi.waitFor(() => expect(outbox.state().refused).toMatchObject([{ refused: "Withdrawn." }]), 10_000);
  await page.findByText("Writing");
  await outbox.discard(outbox.state().refused[0]?.key ?? "");
});

test("a refusal that the task shown ahead does not hear of leaves that without its claim, and says so", async () => {
  answer = () => Promise.reject(new TypeError("Failed to fetch"));
  const withoutClaim = vi.fn();
  const { work, claim } = showWork({ ...ALONE, goAhead: () => true, isOpen: () => true, withoutClaim });
  claim();
  act(() => void work().submit({ demonstration: "Done" }));
  await outbox.whenLate();
  window.history.pushState({}, "", "/somewhere/else");
  answer = async () => Response.json({ code: "task_withdrawn", message: "Withdrawn." }, { status: 409 });
  act(() => outbox.retryNow());
  await vi.waitFor(() => expect(withoutClaim).toHaveBeenCalledTimes(1), 10_000);
  await outbox.discard(outbox.state().refused[0]?.key ?? "");
});

test("a skip with its reason happens at once, and the note of one that was refused is kept", async () => {
  const skip = vi.fn(async () => false);
  localStorage.setItem("labelapp:skip:7:8", "Half of it is missing");
  const props = { onClose: () => {}, skip, digit: 2 };
  const page = render(within(<SkipDialog {...props} assignment={LEASED} isOpen />));
  expect(skip.mock.calls).toEqual([[{ reason: "outside_knowledge", note: "Half of it is missing" }]]);
  expect(page.queryByRole("dialog")).toBeNull();
  await act(async () => undefined);
  expect(Object.keys(localStorage)).toEqual(["labelapp:skip:7:8"]);
});

test("a skip is kept until it has arrived, with what was done on the task and a wish for the next one", async () => {
  answer = () => Promise.reject(new TypeError("Failed to fetch"));
  const onDone = vi.fn();
  const { work, claim } = showWork(ALONE, onDone);
  claim();
  act(() => work().change({ text: "Half" }));
  let skipped: Promise<boolean> | undefined;
  act(() => {
    skipped = work().skip({ reason: "unclear", note: "Which one?" });
  });
  await outbox.whenLate();
  expect(outbox.state().waiting).toMatchObject([
    { skip: { reason: "unclear", note: "Which one?" }, draft: { content: { content: { text: "Half" } } } },
  ]);
  expect(onDone).not.toHaveBeenCalled();
  const sent = { skip_id: 5, task_id: 8, reason: "unclear", next: null };
  answer = async () => Response.json(sent);
  act(() => outbox.retryNow());
  expect(await skipped).toBe(true);
  const body = {
    lease_token: "token",
    reason: "unclear",
    note: "Which one?",
    claim_next: { preferred_id: null },
  };
  expect(requests.at(-1)).toEqual({ url: "/api/v1/assignments/43/skip", body });
  expect(onDone.mock.calls).toMatchObject([[{ sent, draft: { content: { text: "Half" } } }]]);
});

test("a skip that waits can be taken back, and the task goes on as it was", async () => {
  answer = () => Promise.reject(new TypeError("Failed to fetch"));
  const { page, work, claim } = showWork();
  claim();
  let skipped: Promise<boolean> | undefined;
  act(() => {
    skipped = work().skip({ reason: "unclear" });
  });
  await outbox.whenLate();
  await act(() => outbox.withdraw(outbox.state().waiting[0]?.key ?? ""));
  expect(await skipped).toBe(false);
  await page.findByText("Writing");
  expect(work().problem).toBeNull();
});
