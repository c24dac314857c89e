import { Skeleton } from "@mantine/core";
import { lazy, Suspense } from "react";
import type { Bars } from "@/ui/chartSeries";

const BarPlot = lazy(() => import("@/ui/BarPlot"));

export type BarChartProps = {
  title: string;
  /** What each bar is of. */
  labels: string[];
  series: Bars[];
  /** The series of a bar are parts of it, one after the other; else they overlap, the smallest in front. */
  isStacked?: boolean;
  format?: (value: number) => string;
};

const ROW_PX = 30;
const FRAME_PX = 44;

export function heightOf(bars: number): number {
  return bars * ROW_PX + FRAME_PX;
}

/** Bars that lie, so that their names have room; its library is fetched with the first one. Stands beside its table. */
export function BarChart(props: BarChartProps) {
  if (!props.labels.length) return null;
  return (
    <Suspense fallback={<Skeleton height={heightOf(props.labels.length)} />}>
      <BarPlot {...props} />
    </Suspense>
  );
}
