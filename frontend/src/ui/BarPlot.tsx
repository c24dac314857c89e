/** uPlot's bars, lying: made anew for other data, of which there is little and which seldom comes. */
import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { type BarChartProps, heightOf } from "@/ui/BarChart";
import { formatValue, layered } from "@/ui/chartSeries";
import classes from "@/ui/Plot.module.css";

const COLOURS = ["--curve-1", "--curve-2", "--curve-3", "--curve-4"];
const NAMES_PX = { narrow: 96, wide: 150 };
const WIDE_FROM_PX = 420;
const CHARACTER_PX = 6.2;

function variable(element: Element, name: string): string {
  return getComputedStyle(element).getPropertyValue(name).trim();
}

function cut(label: string, width: number): string {
  const room = Math.floor((width - 12) / CHARACTER_PX);
  return label.length > room ? `${label.slice(0, room - 1)}…` : label;
}

function makePlot(target: HTMLElement, width: number, props: BarChartProps): uPlot {
  const { labels, series, isStacked = false, format = formatValue } = props;
  const layers = layered(series, isStacked);
  const axis = {
    stroke: variable(target, "--mantine-color-dimmed"),
    ticks: { show: false },
    font: "11px system-ui",
  };
  const grid = { stroke: variable(target, "--line"), width: 1 };
  const names = width < WIDE_FROM_PX ? NAMES_PX.narrow : NAMES_PX.wide;
  const bars = uPlot.paths.bars?.({ size: [0.66, 22], radius: 0.1 });
  return new uPlot(
    {
      width,
      height: heightOf(labels.length),
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, ori: 1, dir: -1, range: () => [-0.5, labels.length - 0.5] },
        y: { ori: 0, range: (_, __, high) => [0, (high || 1) * 1.04] },
      },
      axes: [
        {
          ...axis,
          side: 3,
          size: names,
          grid: { show: false },
          splits: () => labels.map((_, place) => place),
          values: (_, places) => places.map((place) => cut(labels[place] ?? "", names)),
        },
        {
          ...axis,
          grid,
          side: 2,
          scale: "y",
          size: 28,
          space: 64,
          values: (_, at) => at.map((value) => format(value)),
        },
      ],
      series: [
        {},
        ...layers.map(({ place }) => ({
          fill: variable(target, COLOURS[place % COLOURS.length] ?? ""),
          width: 0,
          points: { show: false },
          ...(bars && { paths: bars }),
        })),
      ],
    },
    [labels.map((_, place) => place), ...layers.map(({ values }) => values)],
    target,
  );
}

export default function BarPlot(props: BarChartProps) {
  const { title, series } = props;
  const scheme = useComputedColorScheme("light");
  const { ref, width } = useElementSize();
  const target = useRef<HTMLDivElement>(null);
  const drawn = JSON.stringify([props.labels, series]);
  const latest = useRef(props);
  latest.current = props;

  // biome-ignore lint/correctness/useExhaustiveDependencies: what is drawn, and the colours of the scheme
  useEffect(() => {
    if (!target.current || !width) return;
    const made = makePlot(target.current, width, latest.current);
    return () => made.destroy();
  }, [drawn, scheme, width]);

  return (
    <figure className={classes.figure} aria-label={title}>
      <figcaption className={classes.caption}>
        <span className={classes.title}>{title}</span>
        {series.length > 1 && (
          <span className={classes.readings}>
            {series.map(({ label }, place) => (
              <span key={label} className={classes.reading}>
                <span
                  className={classes.key}
                  style={{ background: `var(${COLOURS[place % COLOURS.length]})` }}
                  aria-hidden
                />
                {label}
              </span>
            ))}
          </span>
        )}
      </figcaption>
      <div ref={ref}>
        <div ref={target} className={classes.plot} style={{ minHeight: heightOf(props.labels.length) }} />
      </div>
    </figure>
  );
}
