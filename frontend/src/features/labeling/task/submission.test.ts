import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError, NetworkError } from "@/api/errors";
import { IdempotencyKeys, untilArrived } from "@/features/labeling/task/submission";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("the same answer keeps its key, another gets another", () => {
  const keys = new IdempotencyKeys();
  const first = keys.keyFor({ rank: 1 });
  expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(keys.keyFor({ rank: 1 })).toBe(first);
  expect(keys.keyFor({ rank: 2 })).not.toBe(first);
});

test("sends again until it has arrived", async () => {
  const failures = [new NetworkError(), new ApiError(502, {})];
  const attempts: number[] = [];
  const sent = untilArrived(
    async () => {
      const failure = failures.shift();
      if (failure) throw failure;
      return "arrived";
    },
    { onRetry: (attempt) => attempts.push(attempt), signal: new AbortController().signal },
  );
  await vi.advanceTimersByTimeAsync(10_000);
  await expect(sent).resolves.toBe("arrived");
  expect(attempts).toEqual([1, 2]);
});

test("a refusal is not repeated", async () => {
  const send = vi.fn(async () => {
    throw new ApiError(409, { code: "lease_lost" });
  });
  const sent = untilArrived(send, { onRetry: () => {}, signal: new AbortController().signal });
  await expect(sent).rejects.toMatchObject({ code: "lease_lost" });
  expect(send).toHaveBeenCalledTimes(1);
});
