/** The acts that give ranks. Each says what it did, and names the contradictions that it made. */
import {
  type Contradiction,
  contradictions,
  judgmentOf,
  type ResponseId,
  unranked,
} from "@/features/labeling/comparison/answer";
import { judged, lookAt, refused, said } from "@/features/labeling/comparison/history";
import { groupOf, type Proposal, proposal } from "@/features/labeling/comparison/proposal";
import type { State } from "@/features/labeling/comparison/state";
import type { Message } from "@/features/labeling/message";
import { msg } from "@/ui/language";

/** Heard at once; the cards name every one. */
const MOST_SPOKEN = 2;

export function place(state: State, id: ResponseId, rank: number | null, moveOn: boolean): State {
  if (rank !== null && (!Number.isInteger(rank) || rank < 1 || rank > state.order.length)) return state;
  const letter = lettersOf(state, id);
  const label: Message =
    rank === null
      ? { text: msg("{{letter}} unranked"), values: { letter } }
      : { text: msg("rank {{rank}} for {{letter}}"), values: { rank, letter } };
  const next = ranked(state, new Map([[id, rank]]), label);
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

/** Gives what is proposed. Who waits goes on waiting, because no rating says where. */
export function accept(state: State): State {
  const { ranks, groups } = proposal(state.answer, state.order);
  const waiting: Message[] = groups.map((group) => waits(state, group.ids));
  if (!ranks.size) {
    const isRanked = !unranked(state.answer, state.order).length;
    if (isRanked) return refused(state, { text: msg("Every response has a rank.") });
    const reason = state.form.asksQuality
      ? msg("Rate every response first.")
      : msg("There are no ratings to take an order from.");
    return refused(state, waiting[0] ?? { text: reason });
  }
  const next = ranked(state, ranks, { text: msg("taking the order of the ratings") });
  const [first] = unranked(next.answer, next.order);
  const moved = first === undefined ? next : lookAt(next, { focus: next.order.indexOf(first) });
  return said(moved, ...moved.announcement, ...waiting);
}

/** Ties all that wait in one group at the best rank that is free for them. */
export function tieGroup(state: State, id: ResponseId): State {
  const group = groupOf(proposal(state.answer, state.order), id);
  if (!group || group.ids.length < 2) {
    const values = { letter: lettersOf(state, id) };
    return refused(state, { text: msg("Nothing that is rated the same waits with {{letter}}."), values });
  }
  const ranks = new Map(group.ids.map((member) => [member, group.rank]));
  return toNextUnranked(ranked(state, ranks, tied(state, group.ids, group.rank)), id);
}

/** Ties with the one above, as the screen shows it: one that is only proposed there gets that rank with it. */
export function tie(state: State, id: ResponseId): State {
  if (!state.order.includes(id)) return state;
  const proposed = proposal(state.answer, state.order);
  const above = aboveOf(state, id, proposed);
  const letter = lettersOf(state, id);
  if (!above) return refused(state, { text: msg("Nothing is ranked above {{letter}}."), values: { letter } });
  if (above.isUndecided) return refused(state, waits(state, above.ids));
  const isNew = judgmentOf(state.answer, id).rank === null;
  const all = state.order.filter((other) => other === id || above.ids.includes(other));
  const ranks = new Map(all.map((member) => [member, above.rank]));
  const next = ranked(state, ranks, tied(state, all, above.rank));
  return isNew ? toNextUnranked(next, id) : next;
}

type Above = { ids: ResponseId[]; rank: number; isUndecided?: boolean };

/**
 * Inside a group that is its worst member with a rank, else the one that waits before. Elsewhere it is the next better place:
 * for what has a rank among those that have one, for what has none as the proposal shows it.
 */
function aboveOf(state: State, id: ResponseId, proposed: Proposal): Above | null {
  const { answer, order } = state;
  const group = groupOf(proposed, id);
  const own = judgmentOf(answer, id).rank ?? proposed.ranks.get(id) ?? group?.rank ?? order.length + 1;
  const at = (rank: number): Above => ({
    rank,
    ids: order.filter((other) => (judgmentOf(answer, other).rank ?? proposed.ranks.get(other)) === rank),
  });
  if (group) {
    const { quality } = group;
    const peers = order.map((other) => judgmentOf(answer, other)).filter((one) => one.quality === quality);
    const worst = Math.max(0, ...peers.map(({ rank }) => rank ?? 0));
    if (worst) return at(worst);
    const before = group.ids[group.ids.indexOf(id) - 1];
    if (before !== undefined) return { rank: group.rank, ids: [before] };
  }
  const better = (ranks: (number | null | undefined)[]) =>
    Math.max(0, ...ranks.map((rank) => rank ?? 0).filter((rank) => rank < own));
  const given = better(order.map((other) => judgmentOf(answer, other).rank));
  if (given && judgmentOf(answer, id).rank !== null) return at(given);
  const best = Math.max(given, better([...proposed.ranks.values()]));
  const undecided = proposed.groups.filter(({ rank }) => rank > best && rank < own).at(-1);
  if (undecided) return { ...undecided, isUndecided: true };
  return best ? at(best) : null;
}

function ranked(state: State, ranks: ReadonlyMap<ResponseId, number | null>, label: Message): State {
  const next = judged(state, new Map([...ranks].map(([id, rank]) => [id, { rank }])), label);
  if (next === state) return state;
  const isNew = ({ better, worse }: Contradiction) =>
    !contradictions(state.answer, state.order).some((old) => old.better === better && old.worse === worse);
  const slips = contradictions(next.answer, next.order).filter(isNew);
  const more = slips.length - MOST_SPOKEN;
  return said(
    next,
    ...next.announcement,
    ...slips.slice(0, MOST_SPOKEN).map((slip) => contradiction(state, slip)),
    ...(more > 0 ? [{ text: msg("More such pairs: {{number}}."), values: { number: more } }] : []),
  );
}

export function contradiction({ answer, letters }: State, { better, worse }: Contradiction): Message {
  return {
    text: msg("{{better}} (rated {{low}}) is ranked above {{worse}} (rated {{high}})."),
    values: {
      better: letters[better] ?? "",
      worse: letters[worse] ?? "",
      low: judgmentOf(answer, better).quality ?? 0,
      high: judgmentOf(answer, worse).quality ?? 0,
    },
  };
}

/** How ranking starts: said when it is entered, because the eyes see it at once. */
export function beginning(state: State): Message[] {
  const { ranks, groups } = proposal(state.answer, state.order);
  const best = [...ranks].sort(([, one], [, other]) => one - other).map(([id]) => id);
  const proposed: Message = {
    text: msg("Proposed in the order of your ratings: {{letters}}."),
    values: { letters: lettersOf(state, ...best) },
  };
  return [...(ranks.size ? [proposed] : []), ...groups.map((group) => waits(state, group.ids))];
}

function waits(state: State, ids: ResponseId[]): Message {
  const values = { letters: lettersOf(state, ...ids) };
  return { text: msg("Rated the same, to be ordered or tied: {{letters}}."), values };
}

function tied(state: State, ids: ResponseId[], rank: number): Message {
  return {
    text: msg("{{letters}} tied at rank {{rank}}"),
    values: { letters: lettersOf(state, ...ids), rank },
  };
}

function lettersOf({ letters }: State, ...ids: ResponseId[]): string {
  return ids.map((id) => letters[id] ?? "").join(", ");
}
