/** The words that people read for the server's enumerations: one word per concept, on every page the same. */
import type { Schemas } from "@/api/client";

type RunKind = Schemas["Run"]["kind"];
type RunState = Schemas["Run"]["state"];
type CheckpointKind = Schemas["Checkpoint"]["kind"];
type UseCase = Schemas["PromptRow"]["use_case"];
type PromptKind = Schemas["PromptRow"]["kind"];
type Split = Schemas["PromptRow"]["split"];

/** What stands in the place of a text that is shown no more. */
export const ERASED_PROMPT = "This prompt was erased";

export const RUN_KIND: Record<RunKind, string> = {
  sample: "Sample responses",
  sft: "Supervised fine-tuning",
  reward_model: "Reward model",
  ppo: "PPO",
  dpo: "DPO",
};

export const RUN_STATE: Record<RunState, string> = {
  queued: "Queued",
  running: "Running",
  succeeded: "Succeeded",
  failed: "Failed",
  cancelled: "Cancelled",
};

export const CHECKPOINT_KIND: Record<CheckpointKind, string> = {
  base: "Base model",
  sft: "Supervised",
  reward_model: "Reward model",
  policy: "Policy",
};

export const USE_CASE: Record<UseCase, string> = {
  generation: "Generation",
  open_qa: "Open QA",
  brainstorming: "Brainstorming",
  chat: "Chat",
  rewrite: "Rewrite",
  summarization: "Summarization",
  classification: "Classification",
  other: "Other",
  closed_qa: "Closed QA",
  extract: "Extract",
};

export const PROMPT_KIND: Record<PromptKind, string> = {
  plain: "Plain",
  few_shot: "Few-shot",
  user_based: "User-based",
  customer: "Customer",
  imported: "Imported",
};

export const SPLIT: Record<Split, string> = { train: "Train", valid: "Validation", test: "Test" };

export const DATASET_KIND = {
  demonstrations: "Demonstrations",
  comparisons: "Comparisons",
  prompts: "Prompts",
} as const;

/** A submitter for reading: those who gave no name have a long random one, to stay in one split. */
export function submitterLabel(submitter: string): string {
  return !submitter || submitter.startsWith("anonymous:") ? "anonymous" : submitter;
}

/** Options of a <Select> from one of the tables above. */
export function options<Value extends string>(
  labels: Record<Value, string>,
): { value: Value; label: string }[] {
  return (Object.keys(labels) as Value[]).map((value) => ({ value, label: labels[value] }));
}

const ABBREVIATIONS = /\b(kl|ppo|dpo|ptx|sft|eos|gae|ema)\b/gi;

/** "reward_mean" as a person would write it. */
export function spaced(name: string): string {
  const words = name.replaceAll("_", " ").replace(ABBREVIATIONS, (word) => word.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const METRIC: Record<string, string> = {
  kl_nats: "KL (nats)",
  kl_coefficient: "KL coefficient",
  clip_fraction: "Clipped fraction",
  cut_fraction: "Cut at the limit (fraction)",
  gold_mean: "Gold score, mean",
  gold_standard_error: "Gold score, standard error",
  eos_fraction: "Ended by themselves (fraction)",
  entropy_nats: "Entropy (nats)",
  tokens_per_second: "Tokens a second",
  comparisons_per_second: "Comparisons a second",
  episodes_per_second: "Episodes a second",
  responses_per_second: "Responses a second",
};

/** What a trainer measures, by the same name on every page. */
export function metricLabel(name: string): string {
  return METRIC[name] ?? spaced(name);
}
