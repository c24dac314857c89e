/** The toxicity task: scales in place of the overall quality, one of them about the prompt. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  emptyAnswer,
  isComplete,
  readAnswer,
  submittedJudgments,
  unrated,
} from "@/features/labeling/comparison/answer";
import { formOf } from "@/features/labeling/comparison/form";
import { type Act, firstMissing, reduce, type State, start } from "@/features/labeling/comparison/state";
import type { Question } from "@/features/labeling/task/types";

const SCALES: [Question["key"], Question["scope"], number, number][] = [
  ["input_toxicity", "prompt", 0, 2],
  ["output_toxicity", "response", 0, 2],
  ["relative_toxicity", "response", -1, 1],
  ["continuity", "response", 1, 7],
];
const QUESTIONS: Question[] = SCALES.map(([key, scope, minimum, maximum]) => ({
  key,
  scope,
  minimum,
  maximum,
  kind: "scale",
  label: key,
  help: "",
  low_label: "",
  high_label: "",
  closed_domain_only: false,
}));
const KEYS = QUESTIONS.map(({ key }) => key);
const FORM = formOf("toxicity", QUESTIONS);
const ORDER = [12, 11];

function fresh(): State {
  return start({
    order: ORDER,
    letters: { 12: "A", 11: "B" },
    questionKeys: KEYS,
    form: FORM,
    answer: emptyAnswer(ORDER),
  });
}

function played(acts: Act[], from = fresh()): State {
  return acts.reduce(reduce, from);
}

const here = (...values: number[]): Act[] => values.map((value) => ({ type: "answerHere", value }));

describe("scales", () => {
  test("are answered one after the other, and that of the prompt only once", () => {
    const first = played(here(1, 2, -1, 7));
    expect(first.answer.answers).toEqual({ input_toxicity: 1 });
    expect(first.answer.judgments[12]?.answers).toEqual({
      output_toxicity: 2,
      relative_toxicity: -1,
      continuity: 7,
    });
    const second = reduce(first, { type: "move", by: 1 });
    expect(KEYS[second.view.question]).toBe("output_toxicity");
    const done = played(here(0, 0, 4), second);
    expect(unrated(done.answer, ORDER, FORM)).toEqual([]);
    const ranked = played(
      [
        { type: "place", id: 12, rank: 2 },
        { type: "place", id: 11, rank: 2 },
      ],
      done,
    );
    expect(isComplete(ranked.answer, ORDER, FORM)).toBe(true);
    expect(submittedJudgments(ranked.answer, ORDER, FORM).map(({ quality }) => quality)).toEqual([
      null,
      null,
    ]);
  });

  test("take no value off their ends, no yes, and no overall quality", () => {
    const state = fresh();
    for (const act of [...here(3, -1, 1.5), { type: "answerHere", value: true } as const])
      expect(reduce(state, act)).toBe(state);
    expect(reduce(state, { type: "rate", quality: 4 })).toBe(state);
    expect(reduce(state, { type: "answer", key: "continuity", value: 0 })).toBe(state);
  });

  test("are missing until they are answered: first the prompt's, then each response's", () => {
    expect(firstMissing(fresh())).toMatchObject({
      stage: "rate",
      said: { text: "The prompt is not rated yet." },
    });
    const asked = played([...here(0, 0), { type: "focus", index: 1 }, { type: "showMissing" }]);
    expect(firstMissing(asked)).toMatchObject({ id: 12, said: { text: "{{letter}} is not rated yet." } });
    expect(KEYS[asked.view.question]).toBe("relative_toxicity");
  });

  test("come back from a draft, and what does not fit them does not", () => {
    const { answer } = played(here(1, 2, -1, 7));
    expect(readAnswer(JSON.parse(JSON.stringify(answer)), ORDER, KEYS, FORM)).toEqual(answer);
    const odd = {
      judgments: { 12: { answers: { continuity: 9, output_toxicity: true, input_toxicity: 1 } } },
      answers: { input_toxicity: "1", continuity: 4 },
    };
    expect(readAnswer(odd, ORDER, KEYS, FORM)).toEqual(emptyAnswer(ORDER));
  });
});

const anyAct: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    type: fc.constant("answer" as const),
    key: fc.constantFrom(...KEYS, "moral_judgment"),
    value: fc.oneof(fc.integer({ min: -2, max: 8 }), fc.boolean(), fc.constant(null)),
  }),
  fc.record({ type: fc.constant("answerHere" as const), value: fc.option(fc.integer({ min: -2, max: 8 })) }),
  fc.record({ type: fc.constant("rate" as const), quality: fc.integer({ min: 0, max: 8 }) }),
  fc.record({ type: fc.constant("place" as const), rank: fc.integer({ min: 1, max: 2 }) }),
  fc.record({ type: fc.constant("move" as const), by: fc.constantFrom(1 as const, -1 as const) }),
  fc.constantFrom<Act>({ type: "undo" }, { type: "redo" }, { type: "stage", stage: "rank" }),
);

test("any acts leave answers that fit their scales, and undo brings back each step exactly", () => {
  fc.assert(
    fc.property(fc.array(anyAct, { maxLength: 40 }), (acts) => {
      const state = played(acts);
      expect(readAnswer(JSON.parse(JSON.stringify(state.answer)), ORDER, KEYS, FORM)).toEqual(state.answer);
      expect(Object.values(state.answer.judgments).every(({ quality }) => quality === null)).toBe(true);
      const undone = state.past.reduceRight((now, step) => {
        const before = reduce(now, { type: "undo" });
        expect(before.answer).toBe(step.answer);
        return before;
      }, state);
      expect(undone.answer).toEqual(emptyAnswer(ORDER));
      expect(played(Array(state.past.length).fill({ type: "redo" }), undone).answer).toBe(state.answer);
    }),
    { numRuns: 100 },
  );
});
