/** What every act is made of: a change that can be undone, or a look that cannot because nothing was said with it. */
import {
  type Answer,
  type Judgment,
  judgmentOf,
  type ResponseId,
} from "@/features/labeling/comparison/answer";
import type { State, View } from "@/features/labeling/comparison/state";
import type { Message } from "@/features/labeling/message";
import { msg } from "@/ui/language";

/** Part of what was judged of each response. A change that changes nothing gives the same state. */
export type Changes = ReadonlyMap<ResponseId, Partial<Judgment>>;

export function judged(state: State, changes: Changes, label: Message): State {
  const judgments = { ...state.answer.judgments };
  let isSame = true;
  for (const [id, change] of changes) {
    if (!state.order.includes(id)) return state;
    const before = judgmentOf(state.answer, id);
    isSame &&= (Object.keys(change) as (keyof Judgment)[]).every((name) => before[name] === change[name]);
    judgments[id] = { ...before, ...change };
  }
  return isSame ? state : changed(state, { ...state.answer, judgments }, label);
}

export function changed(state: State, answer: Answer, label: Message): State {
  const step = { answer: state.answer, view: state.view, label };
  return {
    ...state,
    answer,
    past: [...state.past, step],
    future: [],
    typingIn: null,
    announcement: [{ text: msg("{{what}}."), values: { what: label } }],
  };
}

export function typed(state: State, field: string, label: Message, answer: Answer): State {
  if (state.typingIn === field) return { ...state, answer, future: [] };
  return { ...changed(state, answer, label), typingIn: field, announcement: [] };
}

export function undo(state: State): State {
  const step = state.past.at(-1);
  if (!step) return refused(state, { text: msg("Nothing to undo.") });
  return {
    ...state,
    answer: step.answer,
    view: step.view,
    past: state.past.slice(0, -1),
    future: [{ answer: state.answer, view: state.view, label: step.label }, ...state.future],
    typingIn: null,
    announcement: [{ text: msg("Undone: {{what}}."), values: { what: step.label } }],
  };
}

export function redo(state: State): State {
  const [step, ...future] = state.future;
  if (!step) return refused(state, { text: msg("Nothing to redo.") });
  return {
    ...state,
    answer: step.answer,
    view: step.view,
    past: [...state.past, { answer: state.answer, view: state.view, label: step.label }],
    future,
    typingIn: null,
    announcement: [{ text: msg("Redone: {{what}}."), values: { what: step.label } }],
  };
}

export function lookAt(state: State, change: Partial<View>): State {
  const view = { ...state.view, ...change };
  const isInside =
    view.focus >= 0 && view.focus < Math.max(1, state.order.length) && Number.isInteger(view.focus);
  const isAsked = view.question >= 0 && view.question < Math.max(1, state.questionKeys.length);
  if (!isInside || !isAsked) return state;
  const isSame =
    view.focus === state.view.focus &&
    view.stage === state.view.stage &&
    view.question === state.view.question;
  return isSame ? state : { ...state, view, typingIn: null };
}

/** Says something in place of what was said last. */
export function said(state: State, ...announcement: Message[]): State {
  return { ...state, announcement };
}

/** Nothing was changed: why is heard and seen. */
export function refused(state: State, hint: Message): State {
  return { ...state, announcement: [hint], hint };
}
