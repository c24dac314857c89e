import { Text } from "@mantine/core";
import { useMemo } from "react";
import { type BestOf, frontierOf } from "@/features/runs/frontier";
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

/** How much reward PPO finds for its drift, beside the simplest way to more reward: to draw n and keep the best. */
export function RunFrontier({ run }: { run: Run }) {
  const rows = useRunMetrics(run.id);
  const found = useMemo(() => frontierOf(rows), [rows]);
  if (!found) return null;
  const series = [
    {
      label: "PPO, each iteration",
      isUnordered: true,
      points: found.ppo.map(({ kl, reward }): [number, number] => [kl, reward]),
    },
    {
      label: `best of ${found.bestOf.map(({ n }) => n).join(", ")}`,
      points: found.bestOf.map(({ kl, reward }): [number, number] => [kl, reward]),
    },
  ];
  return (
    <Section title="Reward against drift">
      <Text size="sm" c="dimmed" className={classes.note}>
        Both start from the same policy and are scored by the same reward model, PPO on the batches that it
        learns from. The KL of best of n, log n − (n − 1)/n nats, is an upper bound (Beirami et al. 2024): it
        may lie further left. A reward that rises while people like the responses less shows in neither.
      </Text>
      <div className={classes.frontier}>
        <LineChart title="Reward by KL (nats)" xLabel="KL" height={260} series={series} />
        <DataTable
          label="Best of n, and PPO beside it"
          columns={COLUMNS}
          rows={found.bestOf}
          rowKey={({ n }) => n}
        />
      </div>
    </Section>
  );
}
