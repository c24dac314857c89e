import { expect, test } from "vitest";
import { subjectOf } from "@/features/webhooks/webhookQueries";

test.each([
  [{ dataset: { id: 1, name: "Spring" }, version: { id: 7, number: 2 } }, "Spring v2"],
  [{ run: { id: 3, name: "PPO" }, checkpoint: { id: 4, name: "PPO, best" } }, "PPO"],
  [{ project: { id: 5, name: "Rankings" } }, "Rankings"],
  [{ webhook: { id: 1, name: "CI" } }, ""],
])("a message is about what it names: %j", (data, subject) => {
  expect(subjectOf({ payload: { data } })).toBe(subject);
});
