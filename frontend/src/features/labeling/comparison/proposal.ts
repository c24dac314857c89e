/**
 * What the ratings say of the responses that have no rank yet. A pure function of the ratings and the ranks that were given:
 * nothing of it is stored, and nothing of it counts before the labeler takes it.
 *
 * What has a rank stands where it was put; the rest flows around it into the ranks that are free, in the order of the ratings.
 * So taking the proposal never makes a tie that nobody asked for. Who is rated the same waits, because no rating says who of
 * them is better: their group is as wide as the ranks that it would take.
 */
import { type Answer, judgmentOf, type ResponseId, unranked } from "@/features/labeling/comparison/answer";

/** Responses with one rating, as far as they still wait, and the best rank that is free for them. */
export type Group = { quality: number; ids: ResponseId[]; rank: number };

export type Proposal = { ranks: ReadonlyMap<ResponseId, number>; groups: Group[] };

const NOTHING: Proposal = { ranks: new Map(), groups: [] };

/** Nothing before everything is rated: half an order would have to be moved again. */
export function proposal(answer: Answer, order: ResponseId[]): Proposal {
  if (order.some((id) => judgmentOf(answer, id).quality === null)) return NOTHING;
  const taken = new Set(order.map((id) => judgmentOf(answer, id).rank));
  const free = order.map((_, index) => index + 1).filter((rank) => !taken.has(rank));
  const waiting = unranked(answer, order);
  const ranks = new Map<ResponseId, number>();
  const groups: Group[] = [];
  let next = 0;
  for (const quality of qualitiesOf(answer, waiting)) {
    const ids = waiting.filter((id) => qualityOf(answer, id) === quality);
    const rank = free[next] ?? order.length;
    next += ids.length;
    const [only] = ids;
    const isUnlikeAll = order.filter((id) => qualityOf(answer, id) === quality).length === 1;
    if (isUnlikeAll && only !== undefined) ranks.set(only, rank);
    else groups.push({ quality, ids, rank });
  }
  return { ranks, groups };
}

export function groupOf({ groups }: Proposal, id: ResponseId): Group | null {
  return groups.find((group) => group.ids.includes(id)) ?? null;
}

/** Every response, best first, as it stands on the screen; what has no place at all comes last. */
export function inOrder(answer: Answer, order: ResponseId[]): ResponseId[] {
  const proposed = proposal(answer, order);
  const place = (id: ResponseId) =>
    judgmentOf(answer, id).rank ?? proposed.ranks.get(id) ?? groupOf(proposed, id)?.rank ?? order.length + 1;
  return [...order].sort((one, other) => place(one) - place(other));
}

function qualityOf(answer: Answer, id: ResponseId): number {
  return judgmentOf(answer, id).quality ?? 0;
}

/** Best first. */
function qualitiesOf(answer: Answer, ids: ResponseId[]): number[] {
  return [...new Set(ids.map((id) => qualityOf(answer, id)))].sort((a, b) => b - a);
}
