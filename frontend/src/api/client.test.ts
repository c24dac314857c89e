import { QueryObserver } from "@tanstack/react-query";
import { afterEach, expect, test } from "vitest";
import { queryClient, refetch } from "@/api/client";

const KEY = ["get", "/api/v1/prompt-imports/{import_id}", { params: { path: { import_id: 1 } } }];

/** Watches a query as a page does; `answers` holds the requests that the server has still to answer, oldest first. */
function watched() {
  const answers: ((state: string) => void)[] = [];
  const observer = new QueryObserver<string>(queryClient, {
    queryKey: KEY,
    queryFn: () => new Promise((resolve) => answers.push(resolve)),
  });
  const leave = observer.subscribe(() => {});
  return { answers, observer, leave };
}

afterEach(() => queryClient.clear());

test("asks again after a first answer that a change has overtaken", async () => {
  const { answers, observer, leave } = watched();
  const done = refetch(KEY.slice(0, 2));
  answers[0]?.("being read");
  await expect.poll(() => answers.length).toBe(2);
  answers[1]?.("read");
  await done;
  expect(observer.getCurrentResult().data).toBe("read");
  leave();
});

test("asks once where the page has an answer already", async () => {
  const { answers, leave } = watched();
  answers[0]?.("being read");
  await expect.poll(() => queryClient.isFetching()).toBe(0);
  const done = refetch(KEY.slice(0, 2));
  expect(answers.length).toBe(2);
  answers[1]?.("read");
  await done;
  expect(answers.length).toBe(2);
  leave();
});
