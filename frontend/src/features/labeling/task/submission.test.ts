import { expect, test } from "vitest";
import { IdempotencyKeys } from "@/features/labeling/task/submission";

test("the same answer keeps its key, another gets another", () => {
  const keys = new IdempotencyKeys();
  const first = keys.keyFor({ rank: 1 });
  expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(keys.keyFor({ rank: 1 })).toBe(first);
  expect(keys.keyFor({ rank: 2 })).not.toBe(first);
});
