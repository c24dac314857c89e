/** uPlot in React: made once per theme and set of series, fed with new data as it comes. */
import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import { align, formatValue, type Series, valueRange } from "@/ui/chartSeries";
import type { LineChartProps } from "@/ui/LineChart";
import classes from "@/ui/Plot.module.css";

const COLOURS = ["--curve-1", "--curve-2", "--curve-3", "--curve-4"];

function variable(element: Element, name: string): string {
  return getComputedStyle(element).getPropertyValue(name).trim();
}

type Cursor = { index: number | null };

function makePlot(
  target: HTMLElement,
  curves: Pick<Series, "label" | "isUnordered">[],
  size: [number, number],
  onCursor: (at: Cursor) => void,
) {
  const [ink, line] = [variable(target, "--mantine-color-dimmed"), variable(target, "--line")];
  const axis = {
    stroke: ink,
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
    font: "11px system-ui",
  };
  return new uPlot(
    {
      width: size[0],
      height: size[1],
      legend: { show: false },
      cursor: { y: false, points: { size: 6 }, drag: { x: true, y: false } },
      scales: {
        x: { time: false, range: (_, low, high) => (low === high ? [low - 1, high + 1] : [low, high]) },
        y: {
          // Null while there is no point at all.
          range: (_, low, high) =>
            low === null || high === null
              ? [0, 1]
              : (valueRange(low, high) ?? uPlot.rangeNum(low, high, 0.1, true)),
        },
      },
      axes: [
        { ...axis, size: 26, grid: { show: false } },
        { ...axis, size: 52, space: 32, values: (_, values) => values.map(formatValue) },
      ],
      series: [
        {},
        ...curves.map(({ label, isUnordered }, index) => {
          const stroke = variable(target, COLOURS[index % COLOURS.length] ?? "");
          return {
            label,
            stroke,
            width: 1.6,
            // A metric that is measured now and then is still one curve.
            spanGaps: true,
            points: isUnordered ? { size: 6, show: true, fill: stroke } : { size: 4 },
            ...(isUnordered ? { paths: () => null } : {}),
          };
        }),
      ],
      hooks: { setCursor: [(plot) => onCursor({ index: plot.cursor.idx ?? null })] },
    },
    [[], ...curves.map(() => [])],
    target,
  );
}

export default function Plot({ title, series, height = 180, xLabel = "step" }: LineChartProps) {
  const scheme = useComputedColorScheme("light");
  const { ref, width } = useElementSize();
  const target = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [cursor, setCursor] = useState<Cursor>({ index: null });
  const data = useMemo(() => align(series), [series]);
  const names = JSON.stringify(series.map(({ label, isUnordered }) => ({ label, isUnordered })));
  const latest = useRef(data);
  latest.current = data;
  const isMeasured = width > 0;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are read from the scheme's variables
  useEffect(() => {
    if (!target.current || !isMeasured) return;
    const made = makePlot(target.current, JSON.parse(names), [target.current.clientWidth, height], setCursor);
    plot.current = made;
    made.setData([latest.current.x, ...latest.current.ys]);
    return () => {
      plot.current = null;
      made.destroy();
    };
  }, [names, height, scheme, isMeasured]);

  useEffect(() => {
    plot.current?.setSize({ width, height });
  }, [width, height]);
  useEffect(() => {
    plot.current?.setData([data.x, ...data.ys]);
  }, [data]);

  return (
    <figure className={classes.figure} aria-label={title}>
      <figcaption className={classes.caption}>
        <span className={classes.title}>{title}</span>
        <Readings series={series} data={data} index={cursor.index} xLabel={xLabel} />
      </figcaption>
      <div ref={ref}>
        <div ref={target} className={classes.plot} style={{ height }} />
      </div>
    </figure>
  );
}

type ReadingsProps = Pick<LineChartProps, "series" | "xLabel"> & {
  data: ReturnType<typeof align>;
  index: number | null;
};

/** The values under the cursor, else the last ones: the chart in words. */
function Readings({ series, data, index, xLabel }: ReadingsProps) {
  const at = index === null ? undefined : data.x[index];
  return (
    <span className={classes.readings}>
      {at !== undefined && (
        <span>
          {xLabel} {Number.isInteger(at) ? at : formatValue(at)}
        </span>
      )}
      {series.map(({ label, points }, place) => (
        <span key={label} className={classes.reading}>
          <span
            className={classes.key}
            style={{ background: `var(${COLOURS[place % COLOURS.length]})` }}
            aria-hidden
          />
          {series.length > 1 && label}{" "}
          <b>{formatValue(index === null ? points.at(-1)?.[1] : data.ys[place]?.[index])}</b>
        </span>
      ))}
    </span>
  );
}
