/** The words for kinds, use cases and annotations, in the paper's terms; shown through t(). */
import type { Kind, UseCase } from "@/features/writing/content";
import { msg } from "@/ui/language";

export const KINDS: { value: Kind; label: string; explained: string }[] = [
  {
    value: "plain",
    label: msg("Plain"),
    explained: msg(
      "Any task you can think of. Look for variety: topics, forms and lengths that you have not written yet.",
    ),
  },
  {
    value: "few_shot",
    label: msg("Few-shot"),
    explained: msg(
      "An instruction and several pairs of a query and its response. Each pair becomes a prompt of its own, with the other pairs before it as examples.",
    ),
  },
  {
    value: "user_based",
    label: msg("User-based"),
    explained: msg(
      "A task that somebody with this use case might bring, made vague and anonymous: no names, no places, nothing that leads back to them.",
    ),
  },
];

export const USE_CASES: { value: UseCase; label: string }[] = [
  { value: "generation", label: msg("Generation") },
  { value: "open_qa", label: msg("Open QA") },
  { value: "brainstorming", label: msg("Brainstorming") },
  { value: "chat", label: msg("Chat") },
  { value: "rewrite", label: msg("Rewrite") },
  { value: "summarization", label: msg("Summarization") },
  { value: "classification", label: msg("Classification") },
  { value: "closed_qa", label: msg("Closed QA") },
  { value: "extract", label: msg("Extract") },
  { value: "other", label: msg("Other") },
];

/** The paper's eleven (appendix B.3). */
export const ANNOTATIONS: { name: string; label: string }[] = [
  { name: "ambiguous", label: msg("Ambiguous") },
  { name: "sensitive_content", label: msg("Sensitive content") },
  { name: "identity_dependent", label: msg("Identity dependent") },
  { name: "closed_domain", label: msg("Closed domain") },
  { name: "continuation_style", label: msg("Continuation style") },
  { name: "requests_opinionated_content", label: msg("Requests opinionated content") },
  { name: "requests_advice", label: msg("Requests advice") },
  { name: "requests_moral_judgment", label: msg("Requests moral judgment") },
  { name: "contains_explicit_safety_constraints", label: msg("Contains explicit safety constraints") },
  { name: "contains_other_explicit_constraints", label: msg("Contains other explicit constraints") },
  { name: "intent_unclear", label: msg("Intent unclear") },
];
