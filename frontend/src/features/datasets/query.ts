import type { Schemas } from "@/api/client";
import { fieldErrors } from "@/api/errors";

export type Dataset = Schemas["Dataset"];
export type Query = Schemas["AnyFiltersRequest"];
export type PreviewFigures = Schemas["Preview"];
export type Rule = NonNullable<Query["answers"]>[number];

/** What the builder calls its fields. */
export const FIELD_LABEL = {
  project_ids: "Projects",
  labeler_ids: "Labelers",
  cohort_ids: "Cohorts",
  without_labeler_ids: "Without labelers",
  use_cases: "Use cases",
  splits: "Splits",
  submitted_from: "Submitted from",
  submitted_to: "Submitted before",
  min_active_seconds: "Active for at least (seconds)",
  max_active_seconds: "Active for at most (seconds)",
  instruction_version_ids: "Instructions",
  without_instruction_version_ids: "Without instructions",
  checkpoint_ids: "Responses of these checkpoints",
  answers: "Answers to questions",
  min_agreement_percent: "Agreement of at least (%)",
  several: "Several labelers on one task",
  ties: "Ties",
  kinds: "Kinds",
  languages: "Languages",
} satisfies Partial<Record<keyof Query, string>>;

/** What is wrong with a filter, by its name; what is wrong with none of them is under "". */
export type FilterErrors = Partial<Record<keyof typeof FIELD_LABEL | "", string>>;

const PREFIX = "query.";

export function filterErrors(error: unknown): FilterErrors {
  const names = Object.keys(FIELD_LABEL).map((name) => PREFIX + name);
  const found = Object.entries(fieldErrors(error, names));
  return Object.fromEntries(found.map(([name, message]) => [name.replace(PREFIX, ""), message]));
}

/** The errors of all filters in a line, each after what its field is called: the field itself may be folded away. */
export function errorSummary(errors: FilterErrors): string {
  return Object.entries(errors)
    .map(([name, message]) =>
      name ? `${FIELD_LABEL[name as keyof typeof FIELD_LABEL]}: ${message}` : message,
    )
    .join(" ");
}

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

/** What the ids of a query are called, by filter and id. */
type IdNames = Schemas["DatasetVersion"]["query_names"];

/** A query in a line of words; the id of what was deleted since stays an id. */
export function filterSummary(query: object, names: IdNames = {}): string {
  const parts = Object.entries(query)
    .filter(([name]) => name !== "version")
    .map(
      ([name, value]) => `${NAMES[name] ?? name.replaceAll("_", " ")}: ${valueInWords(value, names[name])}`,
    );
  return parts.join(" · ") || "Everything";
}

function valueInWords(value: unknown, names: Record<string, string> | undefined): string {
  return names && Array.isArray(value)
    ? value.map((id) => names[String(id)] ?? `#${id}`).join(", ")
    : inWords(value);
}

function inWords(value: unknown): string {
  if (Array.isArray(value)) return value.map(inWords).join(", ");
  if (value && typeof value === "object" && "question" in value) {
    const { question, answer, responses } = value as Rule;
    return `${question.replaceAll("_", " ")} is ${answer ? "yes" : "no"} of ${responses} response`;
  }
  return String(value).replaceAll("_", " ");
}
