import { Skeleton } from "@mantine/core";
import { lazy, Suspense } from "react";
import type { Series } from "@/ui/chartSeries";

const Plot = lazy(() => import("@/ui/Plot"));

export type LineChartProps = { title: string; series: Series[]; height?: number; xLabel?: string };

/** A live line chart; its library is fetched with the first one. */
export function LineChart(props: LineChartProps) {
  return (
    <Suspense fallback={<Skeleton height={props.height ?? 180} />}>
      <Plot {...props} />
    </Suspense>
  );
}
