import type { Schemas } from "@/api/client";

export type Dataset = Schemas["Dataset"];
export type Query = Schemas["AnyFiltersRequest"];
export type PreviewFigures = Schemas["Preview"];
export type Rule = NonNullable<Query["answers"]>[number];

/** The fields whose errors the builder shows; the rest of an error stands above them. */
export const QUERY_FIELDS = [
  "project_ids",
  "labeler_ids",
  "cohort_ids",
  "without_labeler_ids",
  "use_cases",
  "splits",
  "submitted_from",
  "submitted_to",
  "min_active_seconds",
  "max_active_seconds",
  "instruction_version_ids",
  "without_instruction_version_ids",
  "checkpoint_ids",
  "answers",
  "min_agreement_percent",
  "several",
  "ties",
  "kinds",
  "languages",
].map((name) => `query.${name}`);

export const SEVERAL: Record<"comparisons" | "demonstrations", { value: string; label: string }[]> = {
  comparisons: [
    { value: "all", label: "Keep every ranking" },
    { value: "majority", label: "One row a task: the majority’s order" },
    { value: "weight", label: "Keep every ranking; together they weigh one" },
  ],
  demonstrations: [
    { value: "all", label: "Keep every demonstration" },
    { value: "first", label: "Keep the first of each task" },
  ],
};

export const TIES = [
  { value: "keep", label: "Keep ties" },
  { value: "break_by_quality", label: "Order tied responses by their ratings" },
  { value: "leave_out", label: "Leave out rankings that are ties throughout" },
  { value: "only_strict", label: "Take only rankings without a tie" },
];

export const RESPONSES_OF_RULE = [
  { value: "any", label: "at least one response" },
  { value: "every", label: "every response" },
  { value: "no", label: "no response" },
];

const NAMES: Record<string, string> = {
  project_ids: "projects",
  labeler_ids: "labelers",
  without_labeler_ids: "without labelers",
  instruction_version_ids: "instructions",
  without_instruction_version_ids: "without instructions",
  checkpoint_ids: "checkpoints",
  min_agreement_percent: "agreement at least, %",
  several: "several labelers",
};

/** A query in a line of words; its ids stay ids, as in the API. */
export function filterSummary(query: object): string {
  const parts = Object.entries(query)
    .filter(([name]) => name !== "version")
    .map(([name, value]) => `${NAMES[name] ?? name.replaceAll("_", " ")}: ${inWords(value)}`);
  return parts.join(" · ") || "Everything";
}

function inWords(value: unknown): string {
  if (Array.isArray(value)) return value.map(inWords).join(", ");
  if (value && typeof value === "object" && "question" in value) {
    const { question, answer, responses } = value as Rule;
    return `${question.replaceAll("_", " ")} is ${answer ? "yes" : "no"} of ${responses} response`;
  }
  return String(value).replaceAll("_", " ");
}
