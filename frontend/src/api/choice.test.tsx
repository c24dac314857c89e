import { MantineProvider, MultiSelect, Select } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, configure, fireEvent, render, waitFor } from "@testing-library/react";
import { useState } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PROJECTS, useChoice } from "@/api/choice";
import { queryClient } from "@/api/client";

const PROJECT_NAMES = Array.from({ length: 214 }, (_, index) => ({
  id: index + 1,
  name: `Project ${index + 1}.`,
}));
/** Fewer than are asked for, so that the test has little to draw. */
const PAGE = 5;
let searched: (string | null)[];

/** The server's list of 214 projects, and each of them. */
async function answer(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const id = Number(pathname.split("/").at(-1));
  if (id) return Response.json(PROJECT_NAMES[id - 1]);
  searched.push(searchParams.get("search"));
  const found = PROJECT_NAMES.filter(({ name }) => name.includes(searchParams.get("search") ?? ""));
  return Response.json({ count: found.length, results: found.slice(0, PAGE) });
}

function One({ start }: { start: string | null }) {
  const [value, setValue] = useState(start);
  const { select } = useChoice(PROJECTS, { chosen: value });
  return <Select label="Project" clearable {...select} value={value} onChange={setValue} />;
}

function Several({ start, without = [] }: { start: number[]; without?: number[] }) {
  const [value, setValue] = useState(start);
  const { select } = useChoice(PROJECTS, { chosen: value, without });
  return (
    <MultiSelect
      label="Projects"
      {...select}
      value={value.map(String)}
      onChange={(ids) => setValue(ids.map(Number))}
    />
  );
}

function show(element: React.ReactElement) {
  return render(
    <QueryClientProvider client={queryClient}>
      <MantineProvider env="test">{element}</MantineProvider>
    </QueryClientProvider>,
  );
}

configure({ asyncUtilTimeout: 10_000 });

/** By its tag: roles are slow to find among so many options. */
function inputOf(page: ReturnType<typeof show>): HTMLInputElement {
  return page.container.querySelector("input") ?? expect.fail("no input");
}

beforeEach(() => {
  searched = [];
  queryClient.clear();
  vi.stubGlobal("fetch", answer);
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test("names what is chosen though it is not among those offered, and says how many more there are", async () => {
  const page = show(<One start="213" />);
  const input = inputOf(page);
  await waitFor(() => expect(input.value).toBe("Project 213."));
  fireEvent.click(input);
  expect(
    (await page.findByText("209 more: type a part of the name")).closest("[data-combobox-disabled]"),
  ).toBeTruthy();
  expect(page.queryByText("Project 213.")).toBeNull();
  expect(page.getByText("Project 5.")).toBeTruthy();
});

test("asks the server for what is typed, and not for the name of what is then chosen", async () => {
  const page = show(<One start={null} />);
  const input = inputOf(page);
  // Mantine takes for typing only what comes while the field has the focus.
  input.focus();
  fireEvent.click(input);
  await page.findByText("Project 1.");
  fireEvent.change(input, { target: { value: "ect 21" } });
  fireEvent.click(await page.findByText("Project 212."));
  expect(input.value).toBe("Project 212.");
  await waitFor(() => expect(page.queryByText("Project 4.")).toBeTruthy());
  expect(input.value).toBe("Project 212.");
  expect(new Set(searched)).toEqual(new Set([null, "ect 21"]));
  fireEvent.change(input, { target: { value: "nonsense" } });
  expect(await page.findByText("There is none of that name.")).toBeTruthy();
});

test("several keep their names while another is searched; who is in already is not offered", async () => {
  const page = show(<Several start={[200]} without={[3]} />);
  const input = inputOf(page);
  expect(await page.findByText("Project 200.")).toBeTruthy();
  fireEvent.click(input);
  expect(await page.findByText("Project 2.")).toBeTruthy();
  expect(page.queryByText("Project 3.")).toBeNull();
  fireEvent.change(input, { target: { value: "Project 200." } });
  await waitFor(() => expect(searched).toContain("Project 200."));
  fireEvent.change(input, { target: { value: "212" } });
  fireEvent.click(await page.findByText("Project 212."));
  expect(page.getByText("Project 200.")).toBeTruthy();
  expect(page.getAllByText("Project 212.").length).toBeGreaterThan(0);
});
