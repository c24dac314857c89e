import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, waitFor, within } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { queryClient, type Schemas } from "@/api/client";
import { DecisionForm } from "@/features/review/DecisionForm";

let sent: Schemas["DecideRequest"][] = [];

beforeEach(() => {
  sent = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    if (request.method === "POST") sent.push(await request.json());
    return Response.json({});
  });
  // Mantine's growing text fields listen to it, and happy-dom has none.
  Object.defineProperty(document, "fonts", { value: new EventTarget(), configurable: true });
  return cleanup;
});

function renderForm() {
  const prompt = { messages: [{ role: "user", content: "Why?" }], use_case: "other", language: "" };
  const annotations = { ambiguous: true, closed_domain: true };
  const reviewed = {
    task_id: 1,
    flags: [{ id: 1, decision_id: null }],
    skips: [],
    threads: [],
    withdrawn_at: null,
    assignment_counts: { open: 1 },
    project: { id: 1, kind: "demonstration" },
    prompt: { ...prompt, annotations, deployment_context: "", is_withheld: false },
  } as unknown as Schemas["ReviewedTask"];
  const page = render(
    <QueryClientProvider client={queryClient}>
      <MantineProvider env="test">
        <DecisionForm reviewed={reviewed} />
      </MantineProvider>
    </QueryClientProvider>,
  );
  const press = (name: string) => fireEvent.click(page.getByRole("button", { name }));
  return {
    press,
    type: (label: string, value: string) =>
      fireEvent.change(page.getByLabelText(label, { exact: false, selector: "textarea" }), {
        target: { value },
      }),
    annotate: (label: string, value: string) =>
      fireEvent.click(within(page.getByRole("radiogroup", { name: label })).getByLabelText(value)),
    /** Sends, and waits until the form may send again. */
    decide: async (name: string) => {
      const count = sent.length + 1;
      press(name);
      await waitFor(() => expect(sent).toHaveLength(count));
      await waitFor(() => {
        expect(queryClient.isMutating()).toBe(0);
        expect(page.container.querySelector("[data-loading]")).toBeNull();
      });
      return sent.at(-1)?.changes;
    },
  };
}

test("a correction is kept until it is sent, also where an answer or a replacement goes first", async () => {
  const { press, type, annotate, decide } = renderForm();
  press("Correct");
  annotate("Closed domain", "No");
  press("Answer");
  type("Answer", "Both.");
  expect(await decide("Send the answer")).toBeUndefined();
  press("Replace");
  type("Corrected prompt", "Why so?");
  const change_annotations = { closed_domain: false };
  expect(await decide("Replace the prompt")).toMatchObject({ change_annotations });
  press("Correct");
  expect(await decide("Correct the facts")).toEqual({ change_annotations });
});

test("a correction says what was touched since the one before, and nothing of what others may say", async () => {
  const { press, annotate, decide } = renderForm();
  press("Correct");
  annotate("Closed domain", "–");
  expect(await decide("Correct the facts")).toEqual({ change_annotations: { closed_domain: null } });
  annotate("Closed domain", "Yes");
  expect(await decide("Correct the facts")).toEqual({ change_annotations: { closed_domain: true } });
});
