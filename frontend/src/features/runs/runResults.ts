/** What a finished run says of itself beyond its curves, as facts for its page. */

import { formatValue } from "@/ui/chartSeries";
import { formatPercent } from "@/ui/format";

type Summary = Record<string, unknown>;

const CHOSEN_BY: Record<string, string> = {
  reward: "the best by reward on validation prompts",
  validation_loss: "the best by validation loss",
  last: "the last",
};

function number(summary: Summary, name: string): number | null {
  const value = summary[name];
  return typeof value === "number" ? value : null;
}

/** "69.6 % ± 0.9 %": a mean over groups of labelers and its standard error. */
function accuracy(summary: Summary, name: string): string | null {
  const mean = number(summary, name);
  const error = number(summary, `${name}_standard_error`);
  return mean === null || error === null ? null : `${formatPercent(mean, 1)} ± ${formatPercent(error, 1)}`;
}

function figure(summary: Summary, name: string): string | null {
  const value = number(summary, name);
  return value === null ? null : formatValue(value);
}

export function runResults(summary: Summary): { label: string; value: string | null }[] {
  const epoch = number(summary, "chosen_epoch");
  const rule = CHOSEN_BY[String(summary.checkpoint_chosen_by)];
  return [
    { label: "Epoch kept", value: epoch === null || !rule ? null : `${epoch}, ${rule}` },
    { label: "Accuracy on labelers who taught it", value: accuracy(summary, "training_labelers_accuracy") },
    { label: "Accuracy on labelers it never saw", value: accuracy(summary, "held_out_labelers_accuracy") },
    { label: "Calibration error", value: figure(summary, "calibration_error") },
    { label: "Correlation of reward and length", value: figure(summary, "length_correlation") },
  ];
}
