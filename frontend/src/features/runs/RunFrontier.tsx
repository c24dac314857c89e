import { Text } from "@mantine/core";
import { useMemo } from "react";
import { type BestOf, type Frontier, frontierOf } from "@/features/runs/frontier";
import classes from "@/features/runs/RunPage.module.css";
import { type Run, useRunMetrics } from "@/features/runs/runQueries";
import { formatValue } from "@/ui/chartSeries";
import { type Column, DataTable } from "@/ui/DataTable";
import { LineChart } from "@/ui/LineChart";
import { Section } from "@/ui/Page";

const COLUMNS: Column<BestOf>[] = [
  { key: "n", header: "Best of", render: ({ n }) => n },
  { key: "kl", header: "KL, at most", align: "right", render: ({ kl }) => formatValue(kl) },
  { key: "reward", header: "Reward", align: "right", render: ({ reward }) => formatValue(reward) },
  {
    key: "ppo",
    header: "PPO within it",
    align: "right",
    render: ({ ppo }) => (ppo ? `${formatValue(ppo.reward)}, iteration ${ppo.step}` : "–"),
  },
];

const GOLD_COLUMNS: Column<BestOf>[] = [
  ...COLUMNS,
  { key: "gold", header: "Gold", align: "right", render: ({ gold }) => formatValue(gold) },
  {
    key: "ppo-gold",
    header: "PPO’s gold there",
    align: "right",
    render: ({ ppo }) => formatValue(ppo?.gold),
  },
];

/** How much reward PPO finds for its drift, beside the simplest way to more reward: to draw n and keep the best. */
export function RunFrontier({ run }: { run: Run }) {
  const rows = useRunMetrics(run.id);
  const found = useMemo(() => frontierOf(rows), [rows]);
  if (!found) return null;
  return (
    <Section title="Reward against drift">
      <Text size="sm" c="dimmed" className={classes.note}>
        Both start from the same policy and are scored by the same reward model, PPO on the batches that it
        learns from. The KL of best of n, log n − (n − 1)/n nats, is an upper bound (Beirami et al. 2024): it
        may lie further left.{" "}
        {found.hasGold
          ? "The gold score is that of a reward model that nothing is learnt from: where it falls while the reward rises, the policy exploits its reward model (Gao et al. 2022). The run’s alarm tells it from noise."
          : "A reward that rises while people like the responses less shows in neither: launch with a gold reward model to see it."}
      </Text>
      <div className={found.hasGold ? classes.judged : classes.frontier}>
        <LineChart title="Reward by KL (nats)" xLabel="KL" height={260} series={seriesOf(found, "reward")} />
        {found.hasGold && (
          <LineChart
            title="Gold score by KL (nats)"
            xLabel="KL"
            height={260}
            series={seriesOf(found, "gold")}
          />
        )}
        {found.bestOf.length > 0 && (
          <DataTable
            label="Best of n, and PPO beside it"
            columns={found.hasGold ? GOLD_COLUMNS : COLUMNS}
            rows={found.bestOf}
            rowKey={({ n }) => n}
          />
        )}
      </div>
    </Section>
  );
}

function seriesOf({ ppo, bestOf }: Frontier, score: "reward" | "gold") {
  const point = (one: { kl: number; reward: number; gold: number | null }): [number, number][] => {
    const value = one[score];
    return value === null ? [] : [[one.kl, value]];
  };
  return [
    { label: "PPO, each iteration", isUnordered: true, points: ppo.flatMap(point) },
    ...(bestOf.length
      ? [{ label: `best of ${bestOf.map(({ n }) => n).join(", ")}`, points: bestOf.flatMap(point) }]
      : []),
  ];
}
