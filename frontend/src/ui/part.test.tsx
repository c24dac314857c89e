import { MantineProvider } from "@mantine/core";
import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { part } from "@/ui/part";
import { Toasts } from "@/ui/toasts";

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test("a part that the server has no more says that a new version is there, and the page stays", async () => {
  // Put together apart from the document, where it would be run.
  const entry = document.createElement("script");
  entry.type = "module";
  entry.setAttribute("src", "/assets/index-old.js");
  vi.spyOn(document, "querySelector").mockReturnValue(entry);
  vi.stubGlobal(
    "fetch",
    async () => new Response('<script type="module" src="/assets/index-new.js"></script>'),
  );
  const Panel = part<{ onClose: () => void }>(() =>
    Promise.reject(new TypeError("Failed to fetch dynamically imported module")),
  );
  const onClose = vi.fn();
  const page = render(
    <MantineProvider env="test">
      <p>The task</p>
      <Panel onClose={onClose} />
      <Toasts />
    </MantineProvider>,
  );
  await page.findByText("A new version is there. Your drafts are kept.");
  page.getByRole("button", { name: "Reload" });
  page.getByText("The task");
  expect(onClose).toHaveBeenCalledTimes(1);
});

test("a part that cannot be fetched says so and closes; opened again it is fetched again", async () => {
  let isOffline = true;
  const Panel = part<{ onClose: () => void }>(async () => {
    if (isOffline) throw new TypeError("Failed to fetch dynamically imported module");
    return { default: () => <p>The panel</p> };
  });
  const onClose = vi.fn();
  const around = (isOpen: boolean) => (
    <MantineProvider env="test">
      <p>The task</p>
      {isOpen && <Panel onClose={onClose} />}
      <Toasts />
    </MantineProvider>
  );
  const page = render(around(true));
  await page.findByText("This could not be loaded. Open it again once the server can be reached.");
  page.getByText("The task");
  expect(onClose).toHaveBeenCalledTimes(1);

  page.rerender(around(false));
  isOffline = false;
  page.rerender(around(true));
  await page.findByText("The panel");
  expect([onClose.mock.calls.length, Panel.isHere()]).toEqual([1, true]);
});
