import { describe, expect, test } from "vitest";
import {
  chartsOf,
  comparedMetrics,
  compareSeries,
  isCurve,
  mergeRows,
  metricNames,
  pointsOf,
  type Row,
} from "@/features/runs/metricRows";
import { align, formatValue, smooth, valueRange } from "@/ui/chartSeries";

describe("merging rows", () => {
  const kept = [
    { step: 1, loss: 3 },
    { step: 2, loss: 2 },
    { step: 3, loss: 1 },
  ];

  test("appends what goes on", () => {
    expect(mergeRows(kept, [{ step: 4, loss: 0 }])).toHaveLength(4);
    expect(kept).toHaveLength(3);
  });

  test("a resumed attempt replaces everything from its first step on", () => {
    const merged = mergeRows(kept, [
      { step: 2, loss: 9 },
      { step: 3, loss: 8 },
    ]);
    expect(merged.map(({ step, loss }) => [step, loss])).toEqual([
      [1, 3],
      [2, 9],
      [3, 8],
    ]);
  });

  test("an attempt that starts over leaves nothing of the one before", () => {
    expect(mergeRows(kept, [{ step: 1, loss: 7 }])).toEqual([{ step: 1, loss: 7 }]);
  });
});

test("a metric that is measured now and then has points only there", () => {
  const rows: Row[] = [
    { step: 1, loss: 3 },
    { step: 2, loss: 2, validation_loss: 2.5 },
  ];
  expect(pointsOf(rows, "validation_loss")).toEqual([[2, 2.5]]);
  expect(metricNames(rows)).toEqual(["loss", "validation_loss"]);
});

test("validation stands beside training, and what matters comes first", () => {
  const charts = chartsOf(["learning_rate", "loss", "validation_loss", "reward_mean", "validation_accuracy"]);
  expect(charts.map(({ metrics }) => metrics)).toEqual([
    ["reward_mean"],
    ["loss", "validation_loss"],
    ["learning_rate"],
    ["validation_accuracy"],
  ]);
});

test("comparing leaves out a run that lacks the metric, and puts shared metrics first", () => {
  const a = [{ step: 1, loss: 1, accuracy: 0.5 }];
  const b = [{ step: 1, accuracy: 0.6 }];
  const runs = [
    { label: "a", rows: a },
    { label: "b", rows: b },
  ];
  expect(compareSeries(runs, "loss").map(({ label }) => label)).toEqual(["a"]);
  expect(comparedMetrics([a, b])).toEqual(["accuracy", "loss"]);
});

test("one measurement is no curve", () => {
  const point: [number, number] = [12, 64];
  expect(isCurve([{ label: "a", points: [point] }])).toBe(false);
  expect(
    isCurve([
      { label: "a", points: [point] },
      { label: "b", points: [point, [13, 60]] },
    ]),
  ).toBe(true);
});

describe("charts", () => {
  test("series of different steps share one axis, with gaps", () => {
    const aligned = align([
      {
        label: "a",
        points: [
          [2, 20],
          [1, 10],
        ],
      },
      {
        label: "b",
        points: [
          [2, Number.NaN],
          [3, 30],
        ],
      },
    ]);
    expect(aligned).toEqual({
      x: [1, 2, 3],
      ys: [
        [10, 20, null],
        [null, null, 30],
      ],
    });
  });

  test("a constant stands in the middle of an axis of its own size", () => {
    expect(valueRange(64, 64)).toEqual([expect.closeTo(57.6), expect.closeTo(70.4)]);
    expect(valueRange(0, 0)).toEqual([-1, 1]);
    expect(valueRange(0.1 + 0.2, 0.3)?.[0]).toBeLessThan(0.29);
    expect(valueRange(1, 2)).toBeNull();
  });

  test("smoothing keeps a constant and the first point", () => {
    expect(
      smooth(
        [
          [1, 4],
          [2, 4],
        ],
        0.9,
      ).map(([, y]) => y),
    ).toEqual([4, expect.closeTo(4)]);
    expect(
      smooth(
        [
          [1, 0],
          [2, 10],
        ],
        0.5,
      )[1]?.[1],
    ).toBeCloseTo(20 / 3);
  });

  test.each([
    [0.00000965, "9.65e-6"],
    [1234.5, "1,235"],
    [0.12345, "0.1235"],
    [0, "0"],
    [null, "–"],
  ])("%s is written %s", (value, text) => expect(formatValue(value)).toBe(text));
});
