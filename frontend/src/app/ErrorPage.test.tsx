import { MantineProvider } from "@mantine/core";
import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { ErrorPage } from "@/app/ErrorPage";

vi.mock("@tanstack/react-router", () => ({ useRouter: () => null }));
afterEach(cleanup);

function headingOf(message: string): string | null {
  const page = render(
    <MantineProvider env="test">
      <ErrorPage error={new TypeError(message)} reset={() => {}} />
    </MantineProvider>,
  );
  return page.getByRole("heading").textContent;
}

test.each([
  "Failed to fetch dynamically imported module: /assets/RunsPage-1a2b.js",
  "error loading dynamically imported module: /assets/RunsPage-1a2b.js",
  "Importing a module script failed.",
  "Unable to preload CSS for /assets/RunsPage-1a2b.css",
])("code that did not come claims no new version, only that the page is to be loaded anew: %s", (message) => {
  expect(headingOf(message)).toBe("This page has to be loaded anew");
  expect(document.title).toBe("This page has to be loaded anew · labelapp");
});

test("another error that speaks of loading is what it says", () => {
  expect(headingOf("Error loading the picture")).toBe("This page could not be shown");
  expect(document.title).toBe("Something went wrong · labelapp");
});
