/** Reward against drift: where PPO has got to, and what best-of-n reaches from where it started. */
import { BEST_OF, pointsOf, type Row } from "@/features/runs/metricRows";

/** Gold is what a judge says that nothing is learnt from; null where the run has none. */
export type Place = { step: number; kl: number; reward: number; gold: number | null };
export type BestOf = { n: number; kl: number; reward: number; gold: number | null; ppo: Place | null };
export type Frontier = { ppo: Place[]; bestOf: BestOf[]; hasGold: boolean };

/** Null where a run neither drew for best-of-n nor has a gold score. Beside each n stands PPO's best batch that lies no further away. */
export function frontierOf(rows: Row[]): Frontier | null {
  const first: Row | undefined = rows.find((row) => Object.keys(row).some((name) => BEST_OF.test(name)));
  const golds = new Map(pointsOf(rows, "gold_mean"));
  if (!first && !golds.size) return null;
  const rewards = new Map(pointsOf(rows, "reward_mean"));
  const ppo = pointsOf(rows, "kl_nats").flatMap(([step, kl]) => {
    const reward = rewards.get(step);
    return reward === undefined ? [] : [{ step, kl, reward, gold: golds.get(step) ?? null }];
  });
  const drawn = new Set(Object.keys(first ?? {}).flatMap((name) => BEST_OF.exec(name)?.[1] ?? []));
  const bestOf = [...drawn].map(Number).flatMap((n) => {
    const [kl, reward] = [first?.[`best_of_${n}_kl_nats`], first?.[`best_of_${n}_reward`]];
    return kl === undefined || reward === undefined
      ? []
      : [{ n, kl, reward, gold: first?.[`best_of_${n}_gold`] ?? null, ppo: bestWithin(ppo, kl) }];
  });
  return { ppo, bestOf: bestOf.sort((a, b) => a.n - b.n), hasGold: golds.size > 0 };
}

function bestWithin(ppo: Place[], kl: number): Place | null {
  const near = ppo.filter((place) => place.kl <= kl);
  return near.reduce<Place | null>((best, one) => (best && best.reward >= one.reward ? best : one), null);
}
