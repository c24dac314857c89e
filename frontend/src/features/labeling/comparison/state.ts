/**
 * The comparison screen as a pure reducer: every act gives the next state, every state is valid, every act can be undone.
 * An act that changes nothing returns the same object, so that nothing is saved or announced for it.
 */
import {
  type Answer,
  judgmentOf,
  MAX_QUALITY,
  MIN_QUALITY,
  type ResponseId,
  unranked,
  unrated,
} from "@/features/labeling/comparison/answer";
import { answerHere, answerQuestion, firstQuestion } from "@/features/labeling/comparison/answering";
import { type AnswerValue, type Form, openOfPrompt, PLAIN_FORM } from "@/features/labeling/comparison/form";
import { changed, judged, lookAt, redo, said, typed, undo } from "@/features/labeling/comparison/history";
import { proposal } from "@/features/labeling/comparison/proposal";
import { accept, beginning, place, tie, tieGroup } from "@/features/labeling/comparison/ranking";
import type { Message } from "@/features/labeling/message";
import { msg } from "@/ui/language";

export type Stage = "rate" | "rank";

/** Where the labeler is: kept with each step of the history, so that undo also goes back to where it happened. */
export type View = { stage: Stage; focus: number; question: number };

type Step = { answer: Answer; view: View; label: Message };

export type State = {
  order: ResponseId[];
  letters: Record<ResponseId, string>;
  questionKeys: string[];
  form: Form;
  answer: Answer;
  view: View;
  past: Step[];
  future: Step[];
  /** The text field that is being typed into: one undo step for all of its keystrokes. */
  typingIn: string | null;
  /** A digit has just moved the focus on: a J that follows at once means the response that has it already. */
  hasMovedOn: boolean;
  /** Submit was pressed too early: the screen says what is missing until nothing is. */
  isAsked: boolean;
  /** What a screen reader says of the last act. */
  announcement: Message[];
  /** Why the last act changed nothing, for the eyes; gone with the next act. */
  hint: Message | null;
};

export type Act =
  | { type: "rate"; quality: number; id?: ResponseId }
  | { type: "answer"; key: string; value: AnswerValue | null; id?: ResponseId }
  | { type: "answerHere"; value: AnswerValue | null }
  | { type: "note"; id: ResponseId; text: string }
  | { type: "comment"; text: string }
  | { type: "place"; rank: number | null; id?: ResponseId; moveOn?: boolean }
  | { type: "tie"; id?: ResponseId }
  | { type: "tieGroup"; id?: ResponseId }
  | { type: "accept" }
  | { type: "focus"; index: number }
  | { type: "move"; by: 1 | -1; among?: ResponseId[] }
  | { type: "question"; index: number }
  | { type: "moveQuestion"; by: 1 | -1 }
  | { type: "stage"; stage: Stage }
  | { type: "showMissing" }
  | { type: "undo" }
  | { type: "redo" }
  | { type: "replace"; answer: Answer };

export type Start = Pick<State, "order" | "letters" | "questionKeys" | "answer"> & {
  form?: Form;
  view?: View;
};

/** Begins, or goes on, at the first thing that is still to be done. */
export function start({ view, form = PLAIN_FORM, ...rest }: Start): State {
  const [rating] = unrated(rest.answer, rest.order, form);
  const [ranking] = unranked(rest.answer, rest.order);
  const first = rating ?? ranking;
  const here: View = {
    stage: rating === undefined && isPromptRated(rest.answer, form) && rest.order.length ? "rank" : "rate",
    focus: first === undefined ? 0 : rest.order.indexOf(first),
    question: 0,
  };
  const state: State = {
    ...rest,
    form,
    view: view ?? here,
    past: [],
    future: [],
    typingIn: null,
    hasMovedOn: false,
    isAsked: false,
    announcement: [],
    hint: null,
  };
  return view ? state : lookAt(state, { question: firstQuestion(state, here.focus) });
}

function isPromptRated(answer: Answer, form: Form): boolean {
  return !openOfPrompt(answer.answers, form).length;
}

export function focusedId(state: State): ResponseId {
  return state.order[state.view.focus] ?? -1;
}

export function reduce(state: State, act: Act): State {
  if (!state.hasMovedOn && !state.hint) return perform(state, act);
  const settled = { ...state, hasMovedOn: false, hint: null };
  if (!state.hasMovedOn || act.type !== "move" || act.by !== 1) return perform(settled, act);
  const values = { letter: state.letters[focusedId(state)] ?? "" };
  return said(settled, { text: msg("{{letter}} is next already."), values });
}

function perform(state: State, act: Act): State {
  switch (act.type) {
    case "rate":
      return rate(state, act.id ?? focusedId(state), act.quality);
    case "answer":
      return answerQuestion(state, act.id ?? focusedId(state), act.key, act.value);
    case "answerHere":
      return answerHere(state, act.value);
    case "note":
      return note(state, act.id, act.text);
    case "comment":
      return comment(state, act.text);
    case "place":
      return place(state, act.id ?? focusedId(state), act.rank, act.moveOn ?? false);
    case "tie":
      return tie(state, act.id ?? focusedId(state));
    case "tieGroup":
      return tieGroup(state, act.id ?? focusedId(state));
    case "accept":
      return accept(state);
    case "focus":
      return lookAt(state, {
        focus: act.index,
        question: act.index === state.view.focus ? state.view.question : firstQuestion(state, act.index),
      });
    case "move":
      return move(state, act.by, act.among ?? state.order);
    case "question":
      return lookAt(state, { question: act.index });
    case "moveQuestion":
      return lookAt(state, { question: clamped(state.view.question + act.by, state.questionKeys.length) });
    case "stage":
      return enter(state, act.stage);
    case "showMissing":
      return showMissing(state);
    case "undo":
      return undo(state);
    case "redo":
      return redo(state);
    case "replace":
      return changed(state, act.answer, { text: msg("taking the other draft") });
  }
}

function rate(state: State, id: ResponseId, quality: number): State {
  if (!state.form.asksQuality) return state;
  if (!Number.isInteger(quality) || quality < MIN_QUALITY || quality > MAX_QUALITY) return state;
  const label = {
    text: msg("quality {{quality}} for {{letter}}"),
    values: { quality, letter: state.letters[id] ?? "" },
  };
  return judged(state, new Map([[id, { quality }]]), label);
}

function note(state: State, id: ResponseId, text: string): State {
  if (!state.order.includes(id) || judgmentOf(state.answer, id).notes === text) return state;
  const judgments = { ...state.answer.judgments, [id]: { ...judgmentOf(state.answer, id), notes: text } };
  const label = { text: msg("note on {{letter}}"), values: { letter: state.letters[id] ?? "" } };
  return typed(state, `note ${id}`, label, { ...state.answer, judgments });
}

function comment(state: State, notes: string): State {
  if (state.answer.notes === notes) return state;
  return typed(state, "comment", { text: msg("note on the whole task") }, { ...state.answer, notes });
}

/** Each stage begins where something is still to be done. */
function enter(state: State, stage: Stage): State {
  if (stage === state.view.stage) return state;
  const [first] =
    stage === "rate" ? unrated(state.answer, state.order, state.form) : unranked(state.answer, state.order);
  const focus = first === undefined ? state.view.focus : state.order.indexOf(first);
  const entered = lookAt(state, { stage, focus, question: firstQuestion(state, focus) });
  return stage === "rank" ? said(entered, ...beginning(entered)) : entered;
}

/** To the next one as they stand on the screen. */
function move(state: State, by: 1 | -1, among: ResponseId[]): State {
  const at = among.indexOf(focusedId(state));
  const next = among[(at + by + among.length) % among.length];
  if (next === undefined) return state;
  const focus = state.order.indexOf(next);
  return lookAt(state, { focus, question: firstQuestion(state, focus) });
}

type Missing = { id: ResponseId; stage: Stage; said: Message };

/** The first thing that keeps the answer from being submitted, ratings first. */
export function firstMissing(state: State): Missing | null {
  const { answer, order, letters, form } = state;
  if (!isPromptRated(answer, form))
    return { id: focusedId(state), stage: "rate", said: { text: msg("The prompt is not rated yet.") } };
  const [rating] = unrated(answer, order, form);
  if (rating !== undefined) {
    const values = { letter: letters[rating] ?? "" };
    const text = form.asksQuality
      ? msg("{{letter}} has no quality yet.")
      : msg("{{letter}} is not rated yet.");
    return { id: rating, stage: "rate", said: { text, values } };
  }
  const [ranking] = unranked(answer, order);
  if (ranking === undefined) return null;
  const text = proposal(answer, order).ranks.has(ranking)
    ? msg("{{letter}} has only a proposed rank: take the order of the ratings, or give it one.")
    : msg("{{letter}} has no rank yet.");
  return { id: ranking, stage: "rank", said: { text, values: { letter: letters[ranking] ?? "" } } };
}

/** Goes to the first thing that is missing and says what it is. */
function showMissing(state: State): State {
  const missing = firstMissing(state);
  if (!missing) return state;
  const { id, stage } = missing;
  const focus = state.order.indexOf(id);
  const question = stage === "rate" ? firstQuestion(state, focus) : state.view.question;
  return {
    ...lookAt(state, { stage, focus, question }),
    isAsked: true,
    announcement: [missing.said],
  };
}

function clamped(index: number, count: number): number {
  return Math.max(0, Math.min(count - 1, index));
}
