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

describe("reward against drift", () => {
  test("beside each n stands PPO's best batch that lies no further away", () => {
    const found = frontierOf(ROWS);
    expect(found?.bestOf).toEqual([
      { n: 2, kl: 0.19, reward: 1, ppo: { step: 1, kl: 0, reward: -1 } },
      { n: 4, kl: 0.64, reward: 3, ppo: { step: 2, kl: 0.5, reward: 2 } },
    ]);
    expect(found?.ppo.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  });

  test("a run that drew nothing has none, and a batch that measured half is left out", () => {
    expect(frontierOf([{ step: 1, kl_nats: 0, reward_mean: 1 }])).toBeNull();
    expect(frontierOf([...ROWS, { step: 5, kl_nats: 1 }])?.ppo).toHaveLength(4);
  });

  test("its figures are no curves", () => {
    expect(metricNames(ROWS)).toEqual(["kl_nats", "reward_mean"]);
  });
});
