import { MantineProvider } from "@mantine/core";
import { fireEvent, render } from "@testing-library/react";
import { expect, test } from "vitest";
import { ActButton } from "@/ui/ActButton";
import { Toasts } from "@/ui/toasts";

test("what is refused says why, and can be tried again", async () => {
  const refused = () => Promise.reject(new Error("The consent was withdrawn."));
  const page = render(
    <MantineProvider env="test">
      <ActButton onAct={refused}>Bring back</ActButton>
      <Toasts />
    </MantineProvider>,
  );
  fireEvent.click(page.getByRole("button", { name: "Bring back" }));
  await page.findByText("The consent was withdrawn.");
  expect(page.getByRole("button", { name: "Bring back" }).hasAttribute("disabled")).toBe(false);
});
