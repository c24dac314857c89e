import { describe, expect, test } from "vitest";
import { frontierOf } from "@/features/runs/frontier";
import { metricNames, type Row } from "@/features/runs/metricRows";

const ROWS: Row[] = [
  {
    step: 1,
    kl_nats: 0,
    reward_mean: -1,
    best_of_4_reward: 3,
    best_of_4_kl_nats: 0.64,
    best_of_2_reward: 1,
    best_of_2_kl_nats: 0.19,
  },
  { step: 2, kl_nats: 0.5, reward_mean: 2 },
  { step: 3, kl_nats: 0.3, reward_mean: 1.5 },
  { step: 4, kl_nats: 0.9, reward_mean: 4 },
];

/** The rows with a gold score each, and one of best of n in the first. */
function withGold(golds: number[], error: number): Row[] {
  return golds.map((gold_mean, index) => ({
    ...(ROWS[index] as Row),
    ...(index ? {} : { best_of_2_gold: 0.4, best_of_4_gold: 0.5 }),
    gold_mean,
    gold_standard_error: error,
  }));
}

describe("reward against drift", () => {
  test("beside each n stands PPO's best batch that lies no further away", () => {
    const found = frontierOf(ROWS);
    expect(found?.bestOf).toEqual([
      { n: 2, kl: 0.19, reward: 1, gold: null, ppo: { step: 1, kl: 0, reward: -1, gold: null } },
      { n: 4, kl: 0.64, reward: 3, gold: null, ppo: { step: 2, kl: 0.5, reward: 2, gold: null } },
    ]);
    expect(found?.ppo.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  });

  test("a gold score stands beside the reward, of best of n too", () => {
    const found = frontierOf(withGold([0.2, 0.6, 0.5, 0.5], 0.1));
    expect(found?.hasGold).toBe(true);
    expect(found?.ppo.map(({ gold }) => gold)).toEqual([0.2, 0.6, 0.5, 0.5]);
    expect(found?.bestOf.map(({ gold }) => gold)).toEqual([0.4, 0.5]);
    expect(found?.bestOf[1]?.ppo?.gold).toBe(0.6);
    expect(frontierOf(ROWS)?.hasGold).toBe(false);
    const alone = frontierOf([{ step: 1, kl_nats: 0, reward_mean: 1, gold_mean: 2 }]);
    expect([alone?.bestOf, alone?.ppo.length], "also where nothing was drawn for best of n").toEqual([[], 1]);
  });

  test("a run that drew nothing has none, and a batch that measured half is left out", () => {
    expect(frontierOf([{ step: 1, kl_nats: 0, reward_mean: 1 }])).toBeNull();
    expect(frontierOf([...ROWS, { step: 5, kl_nats: 1 }])?.ppo).toHaveLength(4);
  });

  test("its figures are no curves", () => {
    expect(metricNames(ROWS)).toEqual(["kl_nats", "reward_mean"]);
    expect(metricNames(withGold([1], 0.1))).toEqual([
      "kl_nats",
      "reward_mean",
      "gold_mean",
      "gold_standard_error",
    ]);
  });
});
