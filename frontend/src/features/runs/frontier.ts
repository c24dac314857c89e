/** Reward against drift: where PPO has got to, and what best-of-n reaches from where it started. */
import { BEST_OF, pointsOf, type Row } from "@/features/runs/metricRows";

export type Place = { step: number; kl: number; reward: number };
export type BestOf = { n: number; kl: number; reward: number; ppo: Place | null };
export type Frontier = { ppo: Place[]; bestOf: BestOf[] };

/** Null where a run did not draw for best-of-n. Beside each n stands PPO's best batch that lies no further away. */
export function frontierOf(rows: Row[]): Frontier | null {
  const first = rows.find((row) => Object.keys(row).some((name) => BEST_OF.test(name)));
  if (!first) return null;
  const rewards = new Map(pointsOf(rows, "reward_mean"));
  const ppo = pointsOf(rows, "kl_nats").flatMap(([step, kl]) => {
    const reward = rewards.get(step);
    return reward === undefined ? [] : [{ step, kl, reward }];
  });
  const drawn = new Set(Object.keys(first).flatMap((name) => BEST_OF.exec(name)?.[1] ?? []));
  const bestOf = [...drawn].map(Number).flatMap((n) => {
    const [kl, reward] = [first[`best_of_${n}_kl_nats`], first[`best_of_${n}_reward`]];
    return kl === undefined || reward === undefined ? [] : [{ n, kl, reward, ppo: bestWithin(ppo, kl) }];
  });
  return { ppo, bestOf: bestOf.sort((a, b) => a.n - b.n) };
}

function bestWithin(ppo: Place[], kl: number): Place | null {
  const near = ppo.filter((place) => place.kl <= kl);
  return near.reduce<Place | null>((best, one) => (best && best.reward >= one.reward ? best : one), null);
}
