import type { Schemas } from "@/api/client";
import type { Tone } from "@/ui/StatusBadge";

type Project = Schemas["Project"];

export const PROJECT_KIND: Record<Project["kind"], string> = {
  demonstration: "Demonstration",
  comparison: "Comparison",
  evaluation: "Evaluation",
  toxicity: "Toxicity evaluation",
};

/** So many people at most answer one task; as the server has it. */
export const MAX_OVERLAP = 50;

/** Models against a baseline: measured with, never trained on. */
export function isEvaluation(kind: Project["kind"]): boolean {
  return kind === "evaluation" || kind === "toxicity";
}

export const PROJECT_STATE: Record<NonNullable<Project["state"]>, { label: string; tone: Tone }> = {
  active: { label: "Active", tone: "good" },
  paused: { label: "Paused", tone: "warn" },
  archived: { label: "Archived", tone: "quiet" },
};

export const PRIORITY: Record<NonNullable<Project["priority_mode"]>, { label: string; help: string }> = {
  helpful_first: {
    label: "Helpful first",
    help: "While training data is collected: what helps the customer most counts most.",
  },
  truthful_harmless_first: {
    label: "Truthful and harmless first",
    help: "For evaluation: the more helpful response wins only if it is hardly less truthful and harmless.",
  },
};
