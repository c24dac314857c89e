import i18next from "i18next";
import { describe, expect, test } from "vitest";
import { emptyAnswer, isComplete, judgmentOf, readBack } from "@/features/labeling/comparison/answer";
import { inOrder, proposal } from "@/features/labeling/comparison/proposal";
import { type Act, focusedId, reduce, type State, start } from "@/features/labeling/comparison/state";
import { sentences } from "@/features/labeling/message";

const LETTERS = "ABCDEFGHI";

/** Responses named by their letters' places, rated as given and about to be ranked. */
function rated(...qualities: number[]): State {
  const order = qualities.map((_, index) => index);
  const letters = Object.fromEntries(order.map((id) => [id, LETTERS.charAt(id)]));
  const fresh = start({ order, letters, questionKeys: [], answer: emptyAnswer(order) });
  const rates = qualities.map((quality, id): Act => ({ type: "rate", id, quality }));
  return [...rates, { type: "stage", stage: "rank" } as const].reduce(reduce, fresh);
}

function play(state: State, ...acts: Act[]): State {
  return acts.reduce(reduce, state);
}

function put(letter: string, rank: number | null): Act {
  return { type: "place", id: LETTERS.indexOf(letter), rank };
}

/** "A1 D4 (BC)2": who stands where, and who waits for which ranks. */
function proposed({ answer, order, letters }: State): string {
  const { ranks, groups } = proposal(answer, order);
  const alone = [...ranks].map(([id, rank]) => `${letters[id]}${rank}`);
  return [
    ...alone,
    ...groups.map(({ ids, rank }) => `(${ids.map((id) => letters[id]).join("")})${rank}`),
  ].join(" ");
}

function order({ answer, order: ids, letters }: State): string {
  return readBack(answer, ids, letters);
}

function heard(state: State): string {
  return sentences(i18next.t, state.announcement);
}

const ACCEPT: Act = { type: "accept" };
const TIE: Act = { type: "tie" };
const TIE_GROUP: Act = { type: "tieGroup" };

describe("the proposal", () => {
  test("stands in the order of the ratings, and who is rated the same waits", () => {
    expect(proposed(rated(2, 6, 7, 4))).toBe("C1 B2 D3 A4");
    expect(proposed(rated(7, 5, 5, 2))).toBe("A1 D4 (BC)2");
    expect(proposed(rated(4, 4, 4, 4))).toBe("(ABCD)1");
    expect(proposed(rated(6, 3, 6, 3, 1))).toBe("E5 (AC)1 (BD)3");
  });

  test("is no rank: nothing of it is in the answer", () => {
    const state = rated(7, 6, 5, 4);
    expect(state.order.map((id) => judgmentOf(state.answer, id).rank)).toEqual([null, null, null, null]);
    expect(isComplete(state.answer, state.order)).toBe(false);
    expect(order(state)).toBe("");
  });

  test("does not stand before everything is rated", () => {
    const state = play(rated(7, 6, 5, 4), { type: "undo" });
    expect(proposed(state)).toBe("");
    expect(heard(play(state, ACCEPT))).toBe("Rate every response first.");
  });

  test("flows around what was put somewhere, and never into it", () => {
    expect(proposed(play(rated(7, 6, 5, 4, 3, 2), put("C", 2)))).toBe("A1 B3 D4 E5 F6");
    expect(proposed(play(rated(7, 6, 5, 4), put("A", 4)))).toBe("B1 C2 D3");
    expect(proposed(play(rated(7, 6, 5, 4), put("B", 1), put("C", 1)))).toBe("A2 D3");
  });

  test("keeps the last of a group waiting: no rating says where it belongs", () => {
    const state = play(rated(7, 5, 5, 2), ACCEPT, put("B", 2));
    expect(proposed(state)).toBe("(C)3");
  });

  test("gives the order in which cards stand by rank", () => {
    const state = rated(2, 5, 7, 5);
    expect(inOrder(state.answer, state.order)).toEqual([2, 1, 3, 0]);
  });

  test("is told to who cannot see it", () => {
    expect(heard(rated(7, 5, 5, 2))).toBe(
      "Proposed in the order of your ratings: A, D. Rated the same, to be ordered or tied: B, C.",
    );
  });
});

describe("taking the order of the ratings", () => {
  test("gives every proposed rank at once and goes to who waits", () => {
    const state = play(rated(7, 5, 5, 2), ACCEPT);
    expect(order(state)).toBe("A > D");
    expect(focusedId(state)).toBe(1);
    expect(heard(state)).toBe(
      "Taking the order of the ratings. Rated the same, to be ordered or tied: B, C.",
    );
    expect(order(play(state, { type: "undo" }))).toBe("");
  });

  test("never makes a tie, whatever was put where", () => {
    const state = play(rated(7, 6, 5, 4), put("D", 1), ACCEPT);
    expect(order(state)).toBe("D > A > B > C");
  });

  test("does nothing, and says why, where nothing is proposed", () => {
    const waiting = rated(4, 4, 4, 4);
    expect(heard(play(waiting, ACCEPT))).toBe("Rated the same, to be ordered or tied: A, B, C, D.");
    expect(play(waiting, ACCEPT).answer).toBe(waiting.answer);
    const done = play(rated(7, 6, 5, 4), ACCEPT);
    expect(heard(play(done, ACCEPT))).toBe("Every response has a rank.");
  });
});

describe("a group", () => {
  test("is tied by one act", () => {
    const state = play(rated(7, 5, 5, 2), ACCEPT, TIE_GROUP);
    expect(order(state)).toBe("A > B = C > D");
    expect(heard(state)).toBe("B, C tied at rank 2.");
  });

  test("is ordered by digits", () => {
    const state = play(
      rated(7, 5, 5, 2),
      ACCEPT,
      { type: "place", rank: 3, moveOn: true },
      { type: "place", rank: 2, moveOn: true },
    );
    expect(order(state)).toBe("A > C > B > D");
  });

  test("that nobody waits in is not tied", () => {
    expect(heard(play(rated(7, 6, 5, 4), TIE_GROUP))).toBe("Nothing that is rated the same waits with A.");
  });

  test("stays apart from the one that has been put above it", () => {
    expect(order(play(rated(6, 6, 6, 2), put("A", 1), { type: "focus", index: 1 }, TIE_GROUP))).toBe(
      "A > B = C",
    );
  });
});

describe("T", () => {
  test("ties with the one above as it is proposed, and gives both the rank", () => {
    expect(order(play(rated(7, 6, 5, 4), { type: "focus", index: 1 }, TIE))).toBe("A = B");
  });

  test("ties inside a group with the one before", () => {
    expect(order(play(rated(4, 4, 4, 4), { type: "focus", index: 2 }, TIE))).toBe("B = C");
    expect(order(play(rated(4, 4, 4, 4), put("A", 1), put("B", 3), { type: "focus", index: 2 }, TIE))).toBe(
      "A > B = C",
    );
  });

  test("does not reach over a group that is still to be ordered", () => {
    const state = play(rated(7, 5, 5, 2), { type: "focus", index: 3 }, TIE);
    expect(order(state)).toBe("");
    expect(heard(state)).toBe("Rated the same, to be ordered or tied: B, C.");
  });

  test("goes by the given ranks where the focused one has a rank", () => {
    expect(order(play(rated(7, 4, 4, 2), put("A", 1), put("D", 3), { type: "focus", index: 3 }, TIE))).toBe(
      "A = D",
    );
  });
});

describe("a contradiction", () => {
  test("is named as soon as it is made, and only then", () => {
    const state = play(rated(6, 4, 5, 1), put("B", 1), put("A", 2));
    expect(heard(state)).toBe("Rank 2 for A. B (rated 4) is ranked above A (rated 6).");
    expect(heard(play(state, put("D", 4)))).toBe("Rank 4 for D.");
  });

  test("by the dozen is counted", () => {
    const state = play(rated(7, 5, 4, 3), put("B", 1), put("C", 2), put("D", 3), put("A", 4));
    expect(heard(state)).toBe(
      "Rank 4 for A. D (rated 3) is ranked above A (rated 7). C (rated 4) is ranked above A (rated 7). More such pairs: 1.",
    );
  });

  test("is no tie", () => {
    expect(heard(play(rated(6, 4, 5, 1), put("B", 1), put("A", 1)))).toBe("Rank 1 for A.");
  });
});

test("J goes through the cards as they stand", () => {
  const state = rated(2, 5, 7, 6);
  const among = inOrder(state.answer, state.order);
  const next: Act = { type: "move", by: 1, among };
  const visited = [play(state, { type: "focus", index: 2 })];
  for (let count = 0; count < 4; count++) visited.push(reduce(visited.at(-1) ?? state, next));
  expect(visited.map(focusedId)).toEqual([2, 3, 1, 0, 2]);
});
