import { Switch, Text } from "@mantine/core";
import { useMemo, useState } from "react";
import { metricLabel } from "@/api/labels";
import { chartsOf, isCurve, metricNames, pointsOf, seriesOf } from "@/features/runs/metricRows";
import classes from "@/features/runs/RunPage.module.css";
import { isLive, type Run, useRunMetrics } from "@/features/runs/runQueries";
import { formatValue, smooth } from "@/ui/chartSeries";
import { pluralize } from "@/ui/format";
import { LineChart } from "@/ui/LineChart";
import { Section } from "@/ui/Page";
import { Stat, StatGroup } from "@/ui/Stat";

const SHOWN = 6;
const WEIGHT = 0.9;

/** Small charts side by side, each with its last value; the first few answer most questions. */
export function RunCurves({ run }: { run: Run }) {
  const rows = useRunMetrics(run.id);
  const [isSmooth, setSmooth] = useState(false);
  const [showsAll, setShowsAll] = useState(false);
  const all = useMemo(() => chartsOf(metricNames(rows)), [rows]);
  const charts = all.filter(({ metrics }) => isCurve(seriesOf(rows, metrics)));
  const numbers = all.filter((chart) => !charts.includes(chart)).flatMap(({ metrics }) => metrics);
  const shown = showsAll ? charts : charts.slice(0, SHOWN);
  return (
    <Section
      title={numbers.length && !charts.length ? "Figures" : "Curves"}
      actions={
        charts.length > 0 && (
          <>
            <Switch
              label="Smooth"
              checked={isSmooth}
              onChange={(event) => setSmooth(event.currentTarget.checked)}
            />
            {charts.length > SHOWN && (
              <Switch
                label={`All ${pluralize(charts.length, "metric")}`}
                checked={showsAll}
                onChange={(event) => setShowsAll(event.currentTarget.checked)}
              />
            )}
          </>
        )
      }
    >
      {!all.length && (
        <Text c="dimmed">
          {isLive(run) ? "The first figures come with the first step." : "This run measured nothing."}
        </Text>
      )}
      {numbers.length > 0 && (
        <StatGroup>
          {numbers.map((name) => (
            <Stat
              key={name}
              label={metricLabel(name)}
              value={formatValue(pointsOf(rows, name).at(-1)?.[1])}
            />
          ))}
        </StatGroup>
      )}
      <div className={classes.curves}>
        {shown.map(({ title, metrics }) => (
          <LineChart
            key={title}
            title={title}
            series={seriesOf(rows, metrics).map((one) => ({
              ...one,
              points: isSmooth ? smooth(one.points, WEIGHT) : one.points,
            }))}
          />
        ))}
      </div>
    </Section>
  );
}
