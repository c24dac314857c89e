import { Stack, Text } from "@mantine/core";
import { $api, type Schemas } from "@/api/client";
import classes from "@/features/projects/Projects.module.css";
import { type Column, DataTable } from "@/ui/DataTable";
import { DayBars } from "@/ui/DayBars";
import { formatClock, formatNumber, formatPercent, pluralize } from "@/ui/format";
import { Section } from "@/ui/Page";
import { Stat, StatGroup } from "@/ui/Stat";

type Project = Schemas["Project"];
type Statistics = Schemas["ProjectStatistics"];
type Labeler = Statistics["labelers"][number];

const COLUMNS: Column<Labeler>[] = [
  { key: "name", header: "Labeler", render: ({ user }) => user.name || user.email },
  { key: "count", header: "Answers", align: "right", render: (row) => formatNumber(row.count) },
  {
    key: "median",
    header: "Median active time",
    align: "right",
    render: (row) => (row.median_active_seconds === null ? "–" : formatClock(row.median_active_seconds)),
  },
  { key: "skips", header: "Skips", align: "right", render: (row) => formatNumber(row.skips) },
];

export function StatisticsTab({ project }: { project: Project }) {
  const { data } = $api.useQuery("get", "/api/v1/projects/{project_id}/statistics", {
    params: { path: { project_id: project.id } },
  });
  if (!data) return null;
  return (
    <Stack>
      {project.kind !== "demonstration" && <Agreement statistics={data} project={project} />}
      <div className={classes.columns}>
        <Section title="Answers a day">
          <DayBars
            label="Answers by day"
            counted={(count) => pluralize(count, "answer")}
            days={data.throughput.slice(-14)}
          />
        </Section>
        <Section title="By labeler">
          <DataTable
            label="By labeler"
            columns={COLUMNS}
            rows={[...data.labelers]}
            rowKey={({ user }) => user.id}
            empty={<Text c="dimmed">Nobody has answered yet.</Text>}
          />
        </Section>
      </div>
    </Stack>
  );
}

function Agreement({ statistics, project }: { statistics: Statistics; project: Project }) {
  const { agreement, ties_rate } = statistics;
  const [low = 0, high = 0] = agreement?.interval ?? [];
  return (
    <StatGroup>
      <Stat
        label="Agreement"
        value={agreement ? formatPercent(agreement.rate, 1) : "–"}
        hint={
          agreement
            ? `95 %: ${formatPercent(low)} to ${formatPercent(high)}. The paper: 73 % to 77 %`
            : project.overlap < 2
              ? "needs two or more labelers a task: raise the overlap in the settings"
              : "no two have ranked the same task yet"
        }
      />
      <Stat
        label="Compared"
        value={formatNumber(agreement?.pairs ?? 0)}
        hint={`pairs in ${pluralize(agreement?.tasks ?? 0, "task")}; each task weighs alike`}
      />
      <Stat
        label="Ties"
        value={ties_rate === null ? "–" : formatPercent(ties_rate, 1)}
        hint="of all pairs ranked"
      />
    </StatGroup>
  );
}
