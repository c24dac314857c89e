import { Group, MultiSelect, Select, Switch, Text } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { RUNS, useChoice } from "@/api/choice";
import { $api } from "@/api/client";
import { metricLabel, RUN_KIND, spaced } from "@/api/labels";
import { valueText } from "@/features/runs/launchForm";
import { comparedMetrics, compareSeries, isCurve, metricNames, pointsOf } from "@/features/runs/metricRows";
import classes from "@/features/runs/RunPage.module.css";
import { type Run, useLiveRuns, useRunKind, useRunMetrics } from "@/features/runs/runQueries";
import { formatValue, smooth } from "@/ui/chartSeries";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { LineChart } from "@/ui/LineChart";
import { Page, PageHeader, Section } from "@/ui/Page";
import { Stat, StatGroup } from "@/ui/Stat";

const SHOWN = 4;

export function ComparePage() {
  const { a, b } = useSearch({ from: "/members/runs/compare" });
  const navigate = useNavigate({ from: "/runs/compare" });
  const [first, second] = [useRun(a), useRun(b)];
  const choose = (key: "a" | "b") => (id: number | undefined) =>
    void navigate({ search: (before) => ({ ...before, [key]: id }) });
  return (
    <Page title="Compare runs">
      <PageHeader title="Compare runs" description="The same metrics of two runs, over each other." />
      <Group align="flex-end">
        <RunSelect label="First run" value={a} onChange={choose("a")} />
        <RunSelect label="Second run" value={b} onChange={choose("b")} />
      </Group>
      {first && second ? (
        <Comparison first={first} second={second} />
      ) : (
        <EmptyState title="Choose two runs">Runs of the same kind share most metrics.</EmptyState>
      )}
    </Page>
  );
}

function useRun(id: number | undefined): Run | undefined {
  const params = { path: { run_id: id ?? 0 } };
  return $api.useQuery("get", "/api/v1/runs/{run_id}", { params }, { enabled: id !== undefined }).data;
}

type RunSelectProps = {
  label: string;
  value: number | undefined;
  onChange: (id: number | undefined) => void;
};

function RunSelect({ label, value, onChange }: RunSelectProps) {
  const chosen = value === undefined ? null : String(value);
  const runs = useChoice(RUNS, {
    chosen,
    label: ({ id, name, kind }) => `#${id} ${name} · ${RUN_KIND[kind]}`,
  });
  return (
    <Select
      {...runs.select}
      label={label}
      flex="1 1 18rem"
      placeholder="Choose a run"
      value={chosen}
      onChange={(id) => onChange(id ? Number(id) : undefined)}
    />
  );
}

function Comparison({ first, second }: { first: Run; second: Run }) {
  const [firstRows, secondRows] = [useRunMetrics(first.id), useRunMetrics(second.id)];
  useLiveRuns([first.id, second.id]);
  const [chosen, setChosen] = useState<string[] | null>(null);
  const [isSmooth, setSmooth] = useState(false);
  const names = useMemo(() => comparedMetrics([firstRows, secondRows]), [firstRows, secondRows]);
  const shown = chosen ?? names.slice(0, SHOWN);
  const secondNames = metricNames(secondRows);
  const isApart =
    firstRows.length > 0 &&
    secondRows.length > 0 &&
    !metricNames(firstRows).some((name) => secondNames.includes(name));
  const labelled = [
    { label: `#${first.id} ${first.name}`, rows: firstRows },
    { label: `#${second.id} ${second.name}`, rows: secondRows },
  ];
  const curves = shown.filter((metric) => isCurve(compareSeries(labelled, metric)));
  const numbers = shown.filter((metric) => !curves.includes(metric));
  return (
    <>
      <Section
        title="Curves"
        actions={
          <Switch
            label="Smooth"
            checked={isSmooth}
            onChange={(event) => setSmooth(event.currentTarget.checked)}
          />
        }
      >
        <MultiSelect
          aria-label="Metrics"
          placeholder={shown.length ? "" : "Choose metrics"}
          mb="md"
          data={names.map((name) => ({ value: name, label: metricLabel(name) }))}
          value={shown}
          onChange={setChosen}
        />
        {!names.length && <Text c="dimmed">Neither has measured anything yet.</Text>}
        {isApart && (
          <Text c="dimmed" mb="md">
            The two share no metric ({RUN_KIND[first.kind]}, {RUN_KIND[second.kind]}): each curve is of one of
            them.
          </Text>
        )}
        {numbers.length > 0 && (
          <StatGroup>
            {numbers.map((metric) => (
              <Stat
                key={metric}
                label={metricLabel(metric)}
                value={labelled
                  .map(({ rows }) => formatValue(pointsOf(rows, metric).at(-1)?.[1]))
                  .join(" and ")}
                hint={`#${first.id} and #${second.id}`}
              />
            ))}
          </StatGroup>
        )}
        <div className={classes.curves}>
          {curves.map((metric) => (
            <LineChart
              key={metric}
              title={metricLabel(metric)}
              height={240}
              series={compareSeries(labelled, metric).map((one) => ({
                ...one,
                points: isSmooth ? smooth(one.points, 0.9) : one.points,
              }))}
            />
          ))}
        </div>
      </Section>
      <Differences first={first} second={second} />
    </>
  );
}

type Difference = { name: string; label: string; first: string; second: string };

function Differences({ first, second }: { first: Run; second: Run }) {
  const [firstKind, secondKind] = [useRunKind(first.kind), useRunKind(second.kind)];
  const fields = [...(firstKind?.fields ?? []), ...(secondKind?.fields ?? [])];
  const names = [...new Set([...Object.keys(first.config), ...Object.keys(second.config)])];
  const rows = names
    .map((name) => ({
      name,
      label: fields.find((field) => field.name === name)?.label ?? spaced(name),
      first: valueText(first.config[name]),
      second: valueText(second.config[name]),
    }))
    .filter((row) => row.first !== row.second);
  const columns: Column<Difference>[] = [
    { key: "name", header: "Setting", render: (row) => row.label },
    { key: "first", header: `#${first.id} ${first.name}`, render: (row) => row.first },
    { key: "second", header: `#${second.id} ${second.name}`, render: (row) => row.second },
  ];
  return (
    <Section title="Settings that differ">
      <DataTable
        label="Settings that differ"
        columns={columns}
        rows={rows}
        rowKey={(row) => row.name}
        empty={<Text c="dimmed">None: both were told the same.</Text>}
      />
    </Section>
  );
}
