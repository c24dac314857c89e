import { expect, test } from "vitest";
import { runResults } from "@/features/runs/runResults";

const shown = (summary: Record<string, unknown>) =>
  Object.fromEntries(
    runResults(summary)
      .filter(({ value }) => value !== null)
      .map(({ label, value }) => [label, value]),
  );

test("the epoch that was kept, and why", () => {
  expect(shown({ loss: 0.4, checkpoint_chosen_by: "reward", chosen_epoch: 9 })).toEqual({
    "Epoch kept": "9, the best by reward on validation prompts",
  });
});

test("accuracies over groups of labelers, with their standard errors", () => {
  const summary = {
    training_labelers_accuracy: 0.7241,
    training_labelers_accuracy_standard_error: 0.004,
    held_out_labelers_accuracy: 0.696,
    held_out_labelers_accuracy_standard_error: 0.009,
    calibration_error: 0.0312,
    length_correlation: null,
  };
  expect(shown(summary)).toEqual({
    "Accuracy on labelers who taught it": "72.4 % ± 0.4 %",
    "Accuracy on labelers it never saw": "69.6 % ± 0.9 %",
    "Calibration error": "0.0312",
  });
});

test("a run that says nothing of this shows nothing", () => {
  expect(shown({ loss: 0.4, chosen_epoch: "many", warnings: [] })).toEqual({});
});
