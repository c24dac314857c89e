import i18next from "i18next";
import { describe, expect, test } from "vitest";
import {
  answerOf,
  bands,
  contradictions,
  emptyAnswer,
  isComplete,
  judgmentOf,
  readAnswer,
  readBack,
  submittedJudgments,
} from "@/features/labeling/comparison/answer";
import {
  type Act,
  firstMissing,
  focusedId,
  reduce,
  type State,
  start,
} from "@/features/labeling/comparison/state";
import { type Message, sentences } from "@/features/labeling/message";

const ORDER = [40, 10, 30, 20];
const LETTERS = { 40: "A", 10: "B", 30: "C", 20: "D" };
const KEYS = ["fails_instruction", "hallucination", "expresses_opinion"];

function fresh(order = ORDER): State {
  const letters = Object.fromEntries(order.map((id, index) => [id, "ABCDEFGHI".charAt(index)]));
  return start({ order, letters, questionKeys: KEYS, answer: emptyAnswer(order) });
}

function played(acts: Act[], state = fresh()): State {
  return acts.reduce(reduce, state);
}

function english(messages: Message[]): string {
  return sentences(i18next.t, messages);
}

function heard(state: State): string {
  return english(state.announcement);
}

function missingOf(state: State): string | null {
  const missing = firstMissing(state);
  return missing && `${missing.stage}: ${english([missing.said])}`;
}

/** A, B, C … rated in the order of their letters. */
function rated(...qualities: number[]): Act[] {
  return qualities.map((quality, index) => ({ type: "rate", id: ORDER[index], quality }));
}

function digits(...ranks: number[]): Act[] {
  return ranks.map((rank) => ({ type: "place", rank, moveOn: true }));
}

describe("ranking", () => {
  test("K digits rank K responses, the focus moving on by itself", () => {
    const state = played(digits(2, 1, 3, 2));
    expect(readBack(state.answer, ORDER, LETTERS)).toBe("B > A = D > C");
  });

  test("a J right after a digit does not skip the response that the digit moved on to", () => {
    const next: Act = { type: "move", by: 1 };
    const habit = digits(2, 3, 1).flatMap((digit) => [digit, next]);
    const state = played([...habit, ...digits(4)]);
    expect(readBack(state.answer, ORDER, LETTERS)).toBe("C > A > B > D");
    expect(heard(played([...digits(2), next]))).toBe("B is next already.");
    expect(played([...digits(2), next, next]).view.focus).toBe(2);
    expect(played([...digits(2), { type: "undo" }, next]).view.focus).toBe(1);
    expect(played([...digits(2), { type: "move", by: -1 }]).view.focus).toBe(0);
  });

  test("an untouched answer is empty and incomplete, whatever was looked at", () => {
    const state = played([
      { type: "move", by: 1 },
      { type: "stage", stage: "rank" },
      { type: "showMissing" },
    ]);
    expect(isComplete(state.answer, ORDER)).toBe(false);
    expect(state.answer).toEqual(emptyAnswer(ORDER));
    expect(() => submittedJudgments(state.answer, ORDER)).toThrow("not judged");
  });

  test("T ties with the next better band, or with the worst when there is no rank yet", () => {
    const unrankedLast = played([...digits(1, 2, 3), { type: "tie" }]);
    expect(readBack(unrankedLast.answer, ORDER, LETTERS)).toBe("A > B > C = D");
    const merged = played([...digits(1, 2, 3, 4), { type: "tie", id: 10 }]);
    expect(readBack(merged.answer, ORDER, LETTERS)).toBe("A = B > C > D");
  });

  test("T on the best says so and changes nothing", () => {
    const before = played(digits(1, 2, 3, 4));
    const state = reduce(before, { type: "tie", id: 40 });
    expect(state.answer).toBe(before.answer);
    expect(heard(state)).toBe("Nothing is ranked above A.");
    expect(state.hint && english([state.hint])).toBe("Nothing is ranked above A.");
    expect(reduce(state, { type: "move", by: 1 }).hint).toBeNull();
  });

  test("gaps between bands are allowed and mean nothing", () => {
    expect(bands(played(digits(4, 1, 4, 2)).answer, ORDER)).toEqual([[10], [20], [40, 30]]);
  });

  test("refuses ranks, qualities, questions and responses that do not exist", () => {
    const state = fresh();
    const wrong: Act[] = [
      { type: "place", rank: 0 },
      { type: "place", rank: 5 },
      { type: "place", rank: 1.5 },
      { type: "place", rank: 1, id: 999, moveOn: true },
      { type: "rate", quality: 8 },
      { type: "rate", quality: 0 },
      { type: "answer", key: "surprise", value: true },
      { type: "note", id: 999, text: "x" },
      { type: "focus", index: 4 },
      { type: "question", index: 3 },
    ];
    for (const act of wrong) expect(reduce(state, act), JSON.stringify(act)).toBe(state);
  });
});

describe("rating", () => {
  test("Y and N answer the marked question of the focused response and go on", () => {
    const state = played([
      { type: "rate", quality: 6 },
      { type: "answerHere", value: true },
      { type: "answerHere", value: false },
    ]);
    expect(judgmentOf(state.answer, 40)).toMatchObject({
      quality: 6,
      answers: { fails_instruction: true, hallucination: false },
    });
    expect(state.view.question).toBe(2);
  });

  test("another response starts at its first question", () => {
    const state = played([
      { type: "answerHere", value: false },
      { type: "move", by: 1 },
    ]);
    expect(state.view).toMatchObject({ focus: 1, question: 0 });
  });

  test("ranking starts at the first response without a rank", () => {
    const state = played([
      { type: "place", id: 40, rank: 1 },
      { type: "focus", index: 3 },
      { type: "stage", stage: "rank" },
    ]);
    expect(focusedId(state)).toBe(10);
  });

  test("a cleared answer is missing, not no", () => {
    const state = played([
      { type: "answer", key: "hallucination", value: false },
      { type: "answer", key: "hallucination", value: null },
    ]);
    expect(judgmentOf(state.answer, 40).answers).toEqual({});
  });

  test("points at ranks that contradict the ratings", () => {
    const acts: Act[] = [
      { type: "rate", id: 40, quality: 3 },
      { type: "rate", id: 10, quality: 5 },
      { type: "place", id: 40, rank: 1 },
      { type: "place", id: 10, rank: 2 },
    ];
    expect(contradictions(played(acts).answer, ORDER)).toEqual([{ better: 40, worse: 10 }]);
  });

  test("asks for what is missing, ratings first", () => {
    const state = played([...digits(1, 2, 3, 4), { type: "stage", stage: "rank" }, { type: "showMissing" }]);
    expect(state.view).toMatchObject({ stage: "rate", focus: 0 });
    expect(heard(state)).toBe("A has no quality yet.");
    expect(state.isAsked).toBe(true);
  });

  test("goes on to say what is missing until nothing is", () => {
    const asked = played([{ type: "showMissing" }]);
    expect(missingOf(asked)).toBe("rate: A has no quality yet.");
    const alike = played(rated(4, 4, 4, 4), asked);
    expect(missingOf(alike)).toBe("rank: A has no rank yet.");
    expect(missingOf(played(rated(7, 6, 5, 4), asked))).toBe(
      "rank: A has only a proposed rank: take the order of the ratings, or give it one.",
    );
    expect(missingOf(played(digits(1, 2, 3, 4), alike))).toBeNull();
  });
});

describe("undo", () => {
  test("goes back to where it happened", () => {
    const state = played([
      { type: "focus", index: 2 },
      { type: "rate", quality: 4 },
      { type: "focus", index: 0 },
      { type: "undo" },
    ]);
    expect(state.view.focus).toBe(2);
    expect(heard(state)).toBe("Undone: quality 4 for C.");
  });

  test("takes the typing in one field as one step", () => {
    const typing: Act[] = ["g", "go", "goo", "good"].map((text) => ({ type: "note", id: 40, text }));
    const state = played([{ type: "rate", quality: 5 }, ...typing]);
    expect(state.past).toHaveLength(2);
    expect(judgmentOf(reduce(state, { type: "undo" }).answer, 40)).toMatchObject({ quality: 5, notes: "" });
  });

  test("a new act forgets what could be redone", () => {
    const state = played([...digits(1), { type: "undo" }, { type: "rate", quality: 2 }]);
    expect(state.future).toEqual([]);
    expect(reduce(state, { type: "redo" }).answer).toBe(state.answer);
  });
});

test("going on begins at what is missing", () => {
  const { answer } = played([...rated(4, 4, 4, 4), ...digits(1, 2)]);
  const resumed = start({ order: ORDER, letters: LETTERS, questionKeys: KEYS, answer });
  expect(resumed.view).toEqual({ stage: "rank", focus: 2, question: 0 });
});

test("a complete answer survives the way to the server and back", () => {
  const { answer } = played([
    ...digits(2, 1, 3, 2),
    ...rated(1, 2, 3, 4),
    { type: "note", id: 10, text: "clear" },
  ]);
  expect(isComplete(answer, ORDER)).toBe(true);
  expect(answerOf(submittedJudgments(answer, ORDER), answer.notes)).toEqual(answer);
});

test("a stored draft of another shape does no harm", () => {
  expect(readAnswer(null, ORDER, KEYS)).toBeNull();
  expect(readAnswer({ judgments: [] }, ORDER, KEYS)).toBeNull();
  const odd = { judgments: { 40: { quality: 99, rank: "1", answers: { hallucination: "yes" }, notes: 3 } } };
  expect(readAnswer(odd, ORDER, KEYS)).toEqual(emptyAnswer(ORDER));
});
