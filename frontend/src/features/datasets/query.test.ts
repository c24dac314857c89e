import { expect, test } from "vitest";
import { filterSummary } from "@/features/datasets/query";

test("a query reads as a line of words", () => {
  expect(filterSummary({})).toBe("Everything");
  expect(filterSummary({ version: 2 })).toBe("Everything");
  expect(
    filterSummary({
      project_ids: [3, 4],
      without_labeler_ids: [7],
      answers: [{ question: "harmful_advice", answer: true, responses: "no" }],
      several: "majority",
    }),
  ).toBe(
    "projects: 3, 4 · without labelers: 7 · answers: harmful advice is yes of no response · several labelers: majority",
  );
});
