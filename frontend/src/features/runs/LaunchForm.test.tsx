import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { queryClient } from "@/api/client";
import { LaunchForm } from "@/features/runs/LaunchForm";
import { initialValues, type RunKind } from "@/features/runs/launchForm";

vi.mock("@tanstack/react-router", () => ({ useNavigate: () => () => {}, createLink: () => () => null }));
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function setting(name: string, group: string) {
  const texts = { label: name, help: "", unit: "", source: "" };
  return { ...texts, name, group, type: "integer", choices: [], default: 16, minimum: 1, maximum: 99 };
}

/** A basic setting and an advanced one, which is folded away. */
const KIND = {
  kind: "sft",
  inputs: [],
  fields: [setting("epochs", "basic"), setting("batch_size", "advanced")],
  presets: [],
  defaults: {},
  launchers: [],
} as unknown as RunKind;

test.each(["epochs", "batch_size"])(
  "what only the server finds wrong gets the focus, too: %s",
  async (name) => {
    const errors = [{ field: `config.${name}`, message: "Not with this model." }];
    vi.stubGlobal("fetch", async () =>
      Response.json({ code: "invalid_input", message: "Invalid.", errors }, { status: 400 }),
    );
    const page = render(
      <QueryClientProvider client={queryClient}>
        <MantineProvider env="test">
          <LaunchForm kind={KIND} start={initialValues(KIND, "paper")} standard="paper" />
        </MantineProvider>
      </QueryClientProvider>,
    );
    fireEvent.click(page.getByRole("button", { name: "Launch" }));
    await page.findByText("Not with this model.");
    await waitFor(() => expect(document.activeElement?.getAttribute("name")).toBe(name));
  },
);
