import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { queryClient, type Schemas } from "@/api/client";
import { PromptForm } from "@/features/prompts/PromptForm";

const PROMPT = {
  id: 5,
  use_case: "chat",
  language: "en",
  tags: ["mine"],
  deployment_context: "",
} as unknown as Schemas["Prompt"];

const PATIENT = { timeout: 20_000 };

// A text area that grows with its text asks for them, and jsdom has none.
Object.defineProperty(document, "fonts", { value: new EventTarget() });

test("what others changed since the form was opened stays so, also after it was saved once", async () => {
  const bodies: unknown[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    if (request.method !== "PATCH") return Response.json({ tag: [] });
    bodies.push(await request.clone().json());
    return Response.json({ ...PROMPT, tags: ["mine", "theirs"] });
  });
  const form = (prompt: Schemas["Prompt"]) => (
    <MantineProvider>
      <QueryClientProvider client={queryClient}>
        <PromptForm prompt={prompt} onSaved={async () => undefined} />
      </QueryClientProvider>
    </MantineProvider>
  );
  const page = render(form(PROMPT));
  const save = (language: string) => {
    // A name that is typed in full is chosen.
    fireEvent.change(page.getByRole("combobox", { name: "Language" }), { target: { value: language } });
    fireEvent.click(page.getByRole("button", { name: "Save" }));
  };
  page.rerender(form({ ...PROMPT, tags: ["mine", "theirs"], deployment_context: "A help desk" }));
  save("Deutsch (German)");
  const sent = (language: string) => ({ language, add_tags: [], remove_tags: [] });
  await waitFor(() => expect(bodies).toEqual([sent("de")]), PATIENT);
  await waitFor(
    () => expect(page.getByRole("button", { name: "Save" })).toHaveProperty("disabled", true),
    PATIENT,
  );
  save("Français (French)");
  await waitFor(() => expect(bodies).toEqual([sent("de"), sent("fr")]), PATIENT);
}, 60_000);
