import { expect, test } from "vitest";
import { layered } from "@/ui/chartSeries";

const SERIES = [
  { label: "Train", values: [3, 0] },
  { label: "Test", values: [1, 9] },
];

test("stacked bars are painted from the longest, which is the whole", () => {
  expect(layered(SERIES, true)).toEqual([
    { place: 1, values: [4, 9] },
    { place: 0, values: [3, 0] },
  ]);
});

test("bars that overlap are painted from the largest, and stay what they are", () => {
  expect(layered(SERIES, false)).toEqual([
    { place: 1, values: [1, 9] },
    { place: 0, values: [3, 0] },
  ]);
});
