import { MantineProvider } from "@mantine/core";
import { render } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { part } from "@/ui/part";
import { Toasts } from "@/ui/toasts";

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
