import { expect, test } from "vitest";
import { ApiError } from "@/api/errors";
import { errorSummary, filterErrors, filterSummary } from "@/features/datasets/query";

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

test("ids are called by their names, and what was deleted since by its number", () => {
  const names = { project_ids: { "3": "Spring" }, labeler_ids: {} };
  expect(filterSummary({ project_ids: [3, 4], labeler_ids: [7] }, names)).toBe(
    "projects: Spring, #4 · labelers: #7",
  );
});

test("what is wrong with a filter stands after what its field is called", () => {
  const errors = [
    { field: "query.max_active_seconds", message: "This is too low." },
    { field: "query.other", message: "Unknown field." },
  ];
  const found = filterErrors(new ApiError(400, { errors }));
  expect(found.max_active_seconds).toBe("This is too low.");
  expect(errorSummary(found)).toBe(
    "Active for at most (seconds): This is too low. query.other: Unknown field.",
  );
  expect(errorSummary(filterErrors(null))).toBe("");
});
