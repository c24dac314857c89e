import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { queryClient, type Schemas } from "@/api/client";
import { CalibrationBar } from "@/features/projects/CalibrationMark";

const refused = () => Response.json({ code: "not_found", message: "The project is gone." }, { status: 404 });

function show(task: { is_calibration: boolean }) {
  const project = { id: 3, overlap: 2, member_count: 80 } as Schemas["Project"];
  const tasks = [{ id: 9, ...task }] as Schemas["PaginatedTaskList"]["results"];
  return render(
    <QueryClientProvider client={queryClient}>
      <MantineProvider env="test">
        <CalibrationBar
          project={project}
          tasks={tasks}
          chosen={new Set([9])}
          onChoose={() => {}}
          isPoolOnly={false}
          onPoolOnly={() => {}}
        />
      </MantineProvider>
    </QueryClientProvider>,
  );
}

beforeEach(() => vi.stubGlobal("fetch", async () => refused()));
afterEach(() => vi.unstubAllGlobals());

test("what cannot leave the pool says why, where no dialog is open", async () => {
  const page = show({ is_calibration: true });
  fireEvent.click(page.getByRole("button", { name: "Take 1 task out of the pool" }));
  expect((await page.findByRole("alert")).textContent).toContain("The project is gone.");
});

test("asks for no more people than one task may have, and shows a refusal once", async () => {
  const page = show({ is_calibration: false });
  fireEvent.click(page.getByRole("button", { name: "Use 1 task for calibration" }));
  const people = await page.findByRole("textbox", { name: "People per task" });
  expect((people as HTMLInputElement).value).toBe("50");
  fireEvent.click(page.getByRole("button", { name: "Use for calibration" }));
  expect((await page.findByRole("alert")).textContent).toContain("The project is gone.");
});
