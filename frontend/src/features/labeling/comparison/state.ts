/**
 * The comparison screen as a pure reducer: every act gives the next state, every state is valid, every act can be undone.
 * An act that changes nothing returns the same object, so that nothing is saved or announced for it.
 */
import {
  type Answer,
  bands,
  type Judgment,
  judgmentOf,
  MAX_QUALITY,
  MIN_QUALITY,
  type ResponseId,
  unranked,
  unrated,
} from "@/features/labeling/comparison/answer";

export type Stage = "rate" | "rank";

/** Where the labeler is: kept with each step of the history, so that undo also goes back to where it happened. */
export type View = { stage: Stage; focus: number; question: number };

type Step = { answer: Answer; view: View; label: string };

export type State = {
  order: ResponseId[];
  letters: Record<ResponseId, string>;
  questionKeys: string[];
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
  announcement: string;
};

export type Act =
  | { type: "rate"; quality: number; id?: ResponseId }
  | { type: "answer"; key: string; value: boolean | null; id?: ResponseId }
  | { type: "answerHere"; value: boolean | null }
  | { type: "note"; id: ResponseId; text: string }
  | { type: "comment"; text: string }
  | { type: "place"; rank: number | null; id?: ResponseId; moveOn?: boolean }
  | { type: "tie"; id?: ResponseId }
  | { type: "focus"; index: number }
  | { type: "move"; by: 1 | -1 }
  | { type: "question"; index: number }
  | { type: "moveQuestion"; by: 1 | -1 }
  | { type: "stage"; stage: Stage }
  | { type: "showMissing" }
  | { type: "undo" }
  | { type: "redo" }
  | { type: "replace"; answer: Answer };

export type Start = Pick<State, "order" | "letters" | "questionKeys" | "answer"> & { view?: View };

/** Begins, or goes on, at the first thing that is still to be done. */
export function start({ view, ...rest }: Start): State {
  const [rating] = unrated(rest.answer, rest.order);
  const [ranking] = unranked(rest.answer, rest.order);
  const first = rating ?? ranking;
  const here: View = {
    stage: rating === undefined && rest.order.length ? "rank" : "rate",
    focus: first === undefined ? 0 : rest.order.indexOf(first),
    question: 0,
  };
  return {
    ...rest,
    view: view ?? here,
    past: [],
    future: [],
    typingIn: null,
    hasMovedOn: false,
    isAsked: false,
    announcement: "",
  };
}

export function focusedId(state: State): ResponseId {
  return state.order[state.view.focus] ?? -1;
}

export function reduce(state: State, act: Act): State {
  if (!state.hasMovedOn) return perform(state, act);
  const settled = { ...state, hasMovedOn: false };
  if (act.type !== "move" || act.by !== 1) return perform(settled, act);
  return { ...settled, announcement: `${state.letters[focusedId(state)]} is next already.` };
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
      return typed(state, "comment", "note on the whole task", { ...state.answer, notes: act.text });
    case "place":
      return place(state, act.id ?? focusedId(state), act.rank, act.moveOn ?? false);
    case "tie":
      return tie(state, act.id ?? focusedId(state));
    case "focus":
      return lookAt(state, {
        focus: act.index,
        question: act.index === state.view.focus ? state.view.question : 0,
      });
    case "move":
      return lookAt(state, { focus: wrapped(state.view.focus + act.by, state.order.length), question: 0 });
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
      return changed(state, act.answer, "taking the other draft");
  }
}

function rate(state: State, id: ResponseId, quality: number): State {
  if (!Number.isInteger(quality) || quality < MIN_QUALITY || quality > MAX_QUALITY) return state;
  return judged(state, id, { quality }, `quality ${quality} for ${state.letters[id]}`);
}

function answerQuestion(state: State, id: ResponseId, key: string, value: boolean | null): State {
  const index = state.questionKeys.indexOf(key);
  if (index < 0) return state;
  const { [key]: before, ...rest } = judgmentOf(state.answer, id).answers;
  if ((before ?? null) === value) return lookAt(state, { question: index });
  const answers = value === null ? rest : { ...rest, [key]: value };
  const said = value === null ? "no answer" : value ? "yes" : "no";
  return lookAt(judged(state, id, { answers }, `${said} to question ${index + 1} for ${state.letters[id]}`), {
    question: index,
  });
}

/** By keyboard: answers the question under the cursor and goes to the next one. */
function answerHere(state: State, value: boolean | null): State {
  const key = state.questionKeys[state.view.question];
  if (key === undefined) return state;
  const next = answerQuestion(state, focusedId(state), key, value);
  return value === null
    ? next
    : lookAt(next, { question: clamped(state.view.question + 1, state.questionKeys.length) });
}

function note(state: State, id: ResponseId, text: string): State {
  if (!state.order.includes(id)) return state;
  const judgments = { ...state.answer.judgments, [id]: { ...judgmentOf(state.answer, id), notes: text } };
  return typed(state, `note ${id}`, `note on ${state.letters[id]}`, { ...state.answer, judgments });
}

function place(state: State, id: ResponseId, rank: number | null, moveOn: boolean): State {
  if (rank !== null && (!Number.isInteger(rank) || rank < 1 || rank > state.order.length)) return state;
  const letter = state.letters[id];
  const next = judged(
    state,
    id,
    { rank },
    rank === null ? `${letter} unranked` : `rank ${rank} for ${letter}`,
  );
  return moveOn && rank !== null && state.order.includes(id) ? toNextUnranked(next, id) : next;
}

/** After a digit the next response without a rank has the focus: K digits rank K responses. */
function toNextUnranked(state: State, id: ResponseId): State {
  const from = state.order.indexOf(id);
  const after = [...state.order.slice(from + 1), ...state.order.slice(0, from)];
  const next = after.find((other) => judgmentOf(state.answer, other).rank === null);
  if (next === undefined) return state;
  return { ...lookAt(state, { focus: state.order.indexOf(next) }), hasMovedOn: true };
}

/** Ties with the one above: the next better band; what has no rank yet stands below everything that has one. */
function tie(state: State, id: ResponseId): State {
  const own = judgmentOf(state.answer, id).rank ?? Number.POSITIVE_INFINITY;
  const above = bands(state.answer, state.order)
    .map((band) => judgmentOf(state.answer, band[0] ?? -1).rank ?? 0)
    .filter((rank) => rank < own)
    .at(-1);
  if (above === undefined) return { ...state, announcement: `Nothing is ranked above ${state.letters[id]}.` };
  return place(state, id, above, judgmentOf(state.answer, id).rank === null);
}

/** Each stage begins where something is still to be done. */
function enter(state: State, stage: Stage): State {
  if (stage === state.view.stage) return state;
  const [first] = stage === "rate" ? unrated(state.answer, state.order) : unranked(state.answer, state.order);
  const focus = first === undefined ? state.view.focus : state.order.indexOf(first);
  return lookAt(state, { stage, focus, question: 0 });
}

type Missing = { id: ResponseId; stage: Stage; said: string };

/** The first thing that keeps the answer from being submitted, ratings first. */
export function firstMissing({ answer, order, letters }: State): Missing | null {
  const [rating] = unrated(answer, order);
  if (rating !== undefined)
    return { id: rating, stage: "rate", said: `${letters[rating]} has no quality yet.` };
  const [ranking] = unranked(answer, order);
  return ranking === undefined
    ? null
    : { id: ranking, stage: "rank", said: `${letters[ranking]} has no rank yet.` };
}

/** Goes to the first thing that is missing and says what it is. */
function showMissing(state: State): State {
  const missing = firstMissing(state);
  if (!missing) return state;
  const { id, stage, said } = missing;
  return { ...lookAt(state, { stage, focus: state.order.indexOf(id) }), isAsked: true, announcement: said };
}

function judged(state: State, id: ResponseId, change: Partial<Judgment>, label: string): State {
  if (!state.order.includes(id)) return state;
  const before = judgmentOf(state.answer, id);
  const isSame = (Object.keys(change) as (keyof Judgment)[]).every((name) => before[name] === change[name]);
  if (isSame) return state;
  const judgments = { ...state.answer.judgments, [id]: { ...before, ...change } };
  return changed(state, { ...state.answer, judgments }, label);
}

function changed(state: State, answer: Answer, label: string): State {
  const step = { answer: state.answer, view: state.view, label };
  return {
    ...state,
    answer,
    past: [...state.past, step],
    future: [],
    typingIn: null,
    announcement: sentence(label),
  };
}

function typed(state: State, field: string, label: string, answer: Answer): State {
  if (state.typingIn === field) return { ...state, answer, future: [] };
  return { ...changed(state, answer, label), typingIn: field, announcement: "" };
}

function undo(state: State): State {
  const step = state.past.at(-1);
  if (!step) return { ...state, announcement: "Nothing to undo." };
  return {
    ...state,
    answer: step.answer,
    view: step.view,
    past: state.past.slice(0, -1),
    future: [{ answer: state.answer, view: state.view, label: step.label }, ...state.future],
    typingIn: null,
    announcement: `Undone: ${step.label}.`,
  };
}

function redo(state: State): State {
  const [step, ...future] = state.future;
  if (!step) return { ...state, announcement: "Nothing to redo." };
  return {
    ...state,
    answer: step.answer,
    view: step.view,
    past: [...state.past, { answer: state.answer, view: state.view, label: step.label }],
    future,
    typingIn: null,
    announcement: `Redone: ${step.label}.`,
  };
}

function lookAt(state: State, change: Partial<View>): State {
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

function sentence(label: string): string {
  return `${label.charAt(0).toUpperCase()}${label.slice(1)}.`;
}

function wrapped(index: number, count: number): number {
  return count ? (index + count) % count : 0;
}

function clamped(index: number, count: number): number {
  return Math.max(0, Math.min(count - 1, index));
}
