/** What researchers read for the kinds of reports and decisions. */
import type { Schemas } from "@/api/client";
import type { Tone } from "@/ui/StatusBadge";

export type Reason = Schemas["ReportReasonEnum"];
export type Action = Schemas["DecisionActionEnum"];

export const REASON: Record<Reason, string> = {
  unclear: "Prompt unclear or wrong",
  outside_knowledge: "Outside their knowledge",
  unsafe: "Unsafe, illegal or upsetting",
  personal_data: "Personal data",
  language: "A language they do not read well",
  broken: "Something is broken",
  other: "Something else",
};

export const KIND = { skip: "Skips", flag: "Flags", question: "Questions" } as const;

export const ACTION: Record<Action, { done: string; tone: Tone }> = {
  answer: { done: "Answered", tone: "good" },
  correct: { done: "Facts corrected", tone: "good" },
  replace: { done: "Prompt replaced", tone: "good" },
  withdraw: { done: "Withdrawn", tone: "warn" },
  dismiss: { done: "Dismissed", tone: "quiet" },
};

export const ANNOTATION: Record<string, string> = {
  ambiguous: "Ambiguous",
  sensitive_content: "Sensitive content",
  identity_dependent: "Identity dependent",
  closed_domain: "Closed domain",
  continuation_style: "Continuation style",
  requests_opinionated_content: "Requests opinionated content",
  requests_advice: "Requests advice",
  requests_moral_judgment: "Requests moral judgment",
  contains_explicit_safety_constraints: "Contains explicit safety constraints",
  contains_other_explicit_constraints: "Contains other explicit constraints",
  intent_unclear: "Intent unclear",
};
