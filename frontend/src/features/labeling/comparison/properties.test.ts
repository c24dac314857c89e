/** What holds of every state that any acts lead to. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Answer,
  bands,
  contradictions,
  emptyAnswer,
  isComplete,
  judgmentOf,
  readAnswer,
  submittedJudgments,
  unranked,
} from "@/features/labeling/comparison/answer";
import { inOrder, proposal } from "@/features/labeling/comparison/proposal";
import { type Act, focusedId, reduce, type State, start } from "@/features/labeling/comparison/state";

const KEYS = ["fails_instruction", "hallucination", "expresses_opinion"];
const RUNS = { numRuns: 100 };

function fresh(count: number): State {
  const order = Array.from({ length: count }, (_, index) => 100 - index);
  const letters = Object.fromEntries(order.map((id, index) => [id, "ABCDEFGHI".charAt(index)]));
  return start({ order, letters, questionKeys: KEYS, answer: emptyAnswer(order) });
}

const anyCount = fc.integer({ min: 4, max: 9 });
/** Now and then one that this task does not have. */
const anyId = fc.integer({ min: 90, max: 100 });
const anyRank = fc.option(fc.integer({ min: -1, max: 11 }));
const anyText = fc.constantFrom("", "a", "ab", "\u05d0");
const anyIndex = fc.integer({ min: -1, max: 10 });
const anyStep = fc.constantFrom(1 as const, -1 as const);

/** A draft of another browser, as the screen reads it. */
function anyOther(count: number): fc.Arbitrary<Answer> {
  const { order } = fresh(count);
  const judgment = fc.record({ quality: fc.integer({ min: 0, max: 8 }), rank: anyRank, notes: anyText });
  return fc
    .dictionary(fc.constantFrom(...order.map(String)), judgment)
    .map((judgments) => readAnswer({ judgments, notes: "" }, order, KEYS) ?? emptyAnswer(order));
}

const history: fc.Arbitrary<Act> = fc.constantFrom({ type: "undo" }, { type: "redo" });

/** Everything but undo and redo. */
function anyAct(count: number): fc.Arbitrary<Act> {
  const value = fc.constantFrom(true, false, null);
  const quality = fc.integer({ min: 0, max: 8 });
  const type = <Type extends Act["type"]>(name: Type) => fc.constant(name);
  const optional = { requiredKeys: ["type"] as ["type"] };
  return fc.oneof(
    { weight: 6, arbitrary: fc.record({ type: type("rate"), quality, id: anyId }) },
    { weight: 2, arbitrary: fc.record({ type: type("rate"), quality }) },
    {
      weight: 6,
      arbitrary: fc.record({
        type: type("place"),
        rank: fc.integer({ min: 1, max: 9 }),
        moveOn: fc.constant(true),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record(
        { type: type("place"), rank: anyRank, id: anyId, moveOn: fc.boolean() },
        { requiredKeys: ["type", "rank"] },
      ),
    },
    { weight: 2, arbitrary: fc.record({ type: type("tie"), id: anyId }, optional) },
    { weight: 2, arbitrary: fc.record({ type: type("tieGroup"), id: anyId }, optional) },
    { weight: 2, arbitrary: fc.record({ type: type("accept") }) },
    fc.record({ type: type("answer"), key: fc.constantFrom(...KEYS, "unknown"), value, id: anyId }),
    fc.record({ type: type("answerHere"), value }),
    fc.record({ type: type("note"), id: anyId, text: anyText }),
    fc.record({ type: type("comment"), text: anyText }),
    fc.record({ type: type("focus"), index: anyIndex }),
    fc.record({ type: type("move"), by: anyStep }),
    fc.record({ type: type("question"), index: anyIndex }),
    fc.record({ type: type("moveQuestion"), by: anyStep }),
    fc.record({ type: type("stage"), stage: fc.constantFrom("rate" as const, "rank" as const) }),
    fc.record({ type: type("showMissing") }),
    fc.record({ type: type("replace"), answer: anyOther(count) }),
  );
}

/** A screen of K responses, and what somebody does on it. */
function anyPlay(withHistory: boolean): fc.Arbitrary<{ count: number; acts: Act[] }> {
  return anyCount.chain((count) => {
    const act = withHistory
      ? fc.oneof({ weight: 4, arbitrary: anyAct(count) }, { weight: 1, arbitrary: history })
      : anyAct(count);
    return fc.record({ count: fc.constant(count), acts: fc.array(act, { maxLength: 60 }) });
  });
}

function expectValid({ order, view, answer, past, future }: State): void {
  expect(Object.keys(answer.judgments).map(Number).sort()).toEqual([...order].sort());
  for (const { focus, question, stage } of [view, ...[...past, ...future].map((step) => step.view)]) {
    expect(order[focus]).toBeDefined();
    expect(KEYS[question]).toBeDefined();
    expect(["rate", "rank"]).toContain(stage);
  }
  for (const id of order) {
    const { quality, rank, answers } = judgmentOf(answer, id);
    if (quality !== null) expect([1, 2, 3, 4, 5, 6, 7]).toContain(quality);
    if (rank !== null) expect(order.map((_, index) => index + 1)).toContain(rank);
    expect(KEYS).toEqual(expect.arrayContaining(Object.keys(answers)));
  }
  // What a draft stores is what comes back.
  expect(readAnswer(JSON.parse(JSON.stringify(answer)), order, KEYS)).toEqual(answer);
}

function expectProposalFits({ order, answer }: State): void {
  const { ranks, groups } = proposal(answer, order);
  const taken = order.map((id) => judgmentOf(answer, id).rank);
  const free = [...ranks.values(), ...groups.map(({ rank }) => rank)];
  expect(new Set(free).size).toBe(free.length);
  for (const rank of free) {
    expect(taken).not.toContain(rank);
    expect(order.map((_, index) => index + 1)).toContain(rank);
  }
  const named = [...ranks.keys(), ...groups.flatMap(({ ids }) => ids)];
  const isRated = order.every((id) => judgmentOf(answer, id).quality !== null);
  expect([...named].sort()).toEqual(isRated ? [...unranked(answer, order)].sort() : []);
  expect([...inOrder(answer, order)].sort()).toEqual([...order].sort());
}

test("any acts leave a valid state, and a proposal that makes no tie", () => {
  fc.assert(
    fc.property(anyPlay(true), ({ count, acts }) => {
      let state = fresh(count);
      for (const act of acts) {
        state = reduce(state, act);
        expectValid(state);
        expectProposalFits(state);
        expect(state.order).toContain(focusedId(state));
      }
    }),
    RUNS,
  );
});

/** What undo brings back; what is being typed and said is of the moment. */
function restorable({ answer, view, past, future }: State) {
  return { answer, view, past, future };
}

function repeat(act: Act, times: number, state: State): State {
  return Array.from({ length: times }).reduce<State>((current) => reduce(current, act), state);
}

test("undoing all leads to the start, and redoing all to the end, exactly", () => {
  fc.assert(
    fc.property(anyPlay(true), ({ count, acts }) => {
      const begin = fresh(count);
      const end = acts.reduce(reduce, begin);
      const back = repeat({ type: "undo" }, end.past.length, end);
      expect(back.answer).toEqual(begin.answer);
      expect(back.past).toEqual([]);
      const forth = repeat({ type: "redo" }, end.past.length, back);
      expect(restorable(forth)).toEqual(restorable(end));
    }),
    RUNS,
  );
});

test("each undo takes back one act: the answer, and where it was given", () => {
  fc.assert(
    fc.property(anyPlay(false), ({ count, acts }) => {
      let state = fresh(count);
      const trail: State[] = [];
      for (const act of acts) {
        const next = reduce(state, act);
        if (next.past.length > state.past.length) trail.push(state);
        state = next;
      }
      for (const before of trail.reverse()) {
        state = reduce(state, { type: "undo" });
        expect(restorable({ ...state, future: [] })).toEqual(restorable({ ...before, future: [] }));
      }
    }),
    RUNS,
  );
});

test("a look, and an act that changes nothing, leave no step", () => {
  fc.assert(
    fc.property(anyPlay(true), ({ count, acts }) => {
      let state = fresh(count);
      for (const act of acts) {
        const next = reduce(state, act);
        if (next.past.length > state.past.length && act.type !== "redo" && act.type !== "replace")
          expect(next.answer).not.toEqual(state.answer);
        state = next;
      }
    }),
    RUNS,
  );
});

test("nothing has a rank that nobody gave", () => {
  const givesRanks = ["place", "tie", "tieGroup", "accept", "replace"];
  fc.assert(
    fc.property(anyPlay(false), ({ count, acts }) => {
      const state = acts.filter(({ type }) => !givesRanks.includes(type)).reduce(reduce, fresh(count));
      expect(unranked(state.answer, state.order)).toEqual(state.order);
      expect(isComplete(state.answer, state.order)).toBe(false);
    }),
    RUNS,
  );
});

test("taking the order of the ratings makes neither a tie nor, where nothing was put, a contradiction", () => {
  const anyQualities = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 4, maxLength: 9 });
  fc.assert(
    fc.property(anyQualities, (qualities) => {
      const begin = fresh(qualities.length);
      const rates = qualities.map(
        (quality, index): Act => ({ type: "rate", id: begin.order[index], quality }),
      );
      const { answer, order } = [...rates, { type: "accept" } as const].reduce(reduce, begin);
      expect(bands(answer, order).every((band) => band.length === 1)).toBe(true);
      expect(contradictions(answer, order)).toEqual([]);
    }),
    RUNS,
  );
});

test("what is submitted is dense and keeps the order and its ties, for every K from 4 to 9", () => {
  for (const count of [4, 5, 6, 7, 8, 9]) {
    const anyRanks = fc.array(fc.integer({ min: 1, max: count }), { minLength: count, maxLength: count });
    fc.assert(
      fc.property(anyRanks, (ranks) => {
        const begin = fresh(count);
        const acts = ranks.flatMap((rank, index): Act[] => [
          { type: "rate", id: begin.order[index], quality: 4 },
          { type: "place", id: begin.order[index], rank },
        ]);
        const { answer, order } = acts.reduce(reduce, begin);
        const said = submittedJudgments(answer, order);
        expect(said.map((judgment) => judgment.response_id)).toEqual(order);
        const distinct = [...new Set(ranks)].sort();
        expect(said.map((judgment) => judgment.rank)).toEqual(
          ranks.map((rank) => distinct.indexOf(rank) + 1),
        );
      }),
      RUNS,
    );
  }
});
