/** What a task asks beside the ranks, and what of it must be said. All pure. */
import type { Question } from "@/features/labeling/task/types";

/** Yes or no, or a place on a scale. */
export type AnswerValue = boolean | number;
export type Answers = Record<string, AnswerValue>;

type Scale = { minimum: number; maximum: number };

export type Form = {
  /** The toxicity task asks its scales instead. */
  asksQuality: boolean;
  /** Questions that must be answered with a whole number. */
  scales: Record<string, Scale>;
  /** Questions about the prompt: answered once for all its responses. */
  ofPrompt: string[];
};

/** The overall quality, and questions that may stay open. */
export const PLAIN_FORM: Form = { asksQuality: true, scales: {}, ofPrompt: [] };

export function formOf(kind: string, questions: Question[]): Form {
  const scales = questions.filter((question) => question.kind === "scale");
  return {
    asksQuality: kind !== "toxicity",
    scales: Object.fromEntries(scales.map(({ key, minimum, maximum }) => [key, { minimum, maximum }])),
    ofPrompt: questions.filter(({ scope }) => scope === "prompt").map(({ key }) => key),
  };
}

export function isAnswerTo(form: Form, key: string, value: unknown): value is AnswerValue {
  const scale = form.scales[key];
  if (!scale) return typeof value === "boolean";
  return Number.isInteger(value) && Number(value) >= scale.minimum && Number(value) <= scale.maximum;
}

/** The scales about the prompt that have no answer yet. */
export function openOfPrompt(answers: Answers, form: Form): string[] {
  return form.ofPrompt.filter((key) => key in form.scales && answers[key] === undefined);
}

/** The scales about a response that have no answer yet. */
export function openOfResponse(answers: Answers, form: Form): string[] {
  return Object.keys(form.scales).filter((key) => !form.ofPrompt.includes(key) && answers[key] === undefined);
}
