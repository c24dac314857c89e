/** The acts that answer questions: about a response, or once about the prompt. */
import { judgmentOf, type ResponseId } from "@/features/labeling/comparison/answer";
import {
  type Answers,
  type AnswerValue,
  isAnswerTo,
  openOfPrompt,
  openOfResponse,
} from "@/features/labeling/comparison/form";
import { changed, judged, lookAt } from "@/features/labeling/comparison/history";
import { focusedId, type State } from "@/features/labeling/comparison/state";
import type { Message } from "@/features/labeling/message";
import { msg } from "@/ui/language";

/** What was answered so far where question `key` belongs: to the prompt, or to this response. */
export function answersAt(state: State, id: ResponseId, key: string): Answers {
  return state.form.ofPrompt.includes(key) ? state.answer.answers : judgmentOf(state.answer, id).answers;
}

export function answerQuestion(state: State, id: ResponseId, key: string, value: AnswerValue | null): State {
  const index = state.questionKeys.indexOf(key);
  if (index < 0 || (value !== null && !isAnswerTo(state.form, key, value))) return state;
  const { [key]: before, ...rest } = answersAt(state, id, key);
  if ((before ?? null) === value) return lookAt(state, { question: index });
  const answers = value === null ? rest : { ...rest, [key]: value };
  return lookAt(answered(state, id, key, answers, { text: spoken(value) }), { question: index });
}

function answered(state: State, id: ResponseId, key: string, answers: Answers, answer: Message): State {
  const number = state.questionKeys.indexOf(key) + 1;
  if (state.form.ofPrompt.includes(key)) {
    const label = { text: msg("{{answer}} to question {{number}}"), values: { answer, number } };
    return changed(state, { ...state.answer, answers }, label);
  }
  const values = { answer, number, letter: state.letters[id] ?? "" };
  const label = { text: msg("{{answer}} to question {{number}} for {{letter}}"), values };
  return judged(state, new Map([[id, { answers }]]), label);
}

function spoken(value: AnswerValue | null): string {
  if (value === null) return msg("no answer");
  if (typeof value === "number") return String(value);
  return value ? msg("yes") : msg("no");
}

/** By keyboard: answers the question under the cursor and goes to the next one. */
export function answerHere(state: State, value: AnswerValue | null): State {
  const key = state.questionKeys[state.view.question];
  if (key === undefined || (value !== null && !isAnswerTo(state.form, key, value))) return state;
  const next = answerQuestion(state, focusedId(state), key, value);
  if (value === null) return next;
  return lookAt(next, { question: Math.min(state.view.question + 1, state.questionKeys.length - 1) });
}

/** Where the keyboard begins at a response: the first scale that has no answer, else the first question. */
export function firstQuestion(state: State, focus: number): number {
  const ofResponse = judgmentOf(state.answer, state.order[focus] ?? -1).answers;
  const open = [...openOfPrompt(state.answer.answers, state.form), ...openOfResponse(ofResponse, state.form)];
  return Math.max(
    0,
    state.questionKeys.findIndex((key) => open.includes(key)),
  );
}
