import { expect, test } from "vitest";
import { revealing } from "@/features/writing/revealing";

const SOURCE =
  "We run a small bakery in Leeds called Crumb & Co. Maria wants to answer customers who ask when the sourdough is ready. Order B2B7.";

const found = (text: string) => revealing(SOURCE, text).map(({ what, text: shown }) => `${what}: ${shown}`);

test("names, numbers and addresses that lead back are pointed out", () => {
  expect(found("Ask Maria in Leeds about B2B7.")).toEqual(["name: Leeds", "name: B2B7"]);
  expect(found("Write to bake@crumb.example or call +44 113 496 0000.")).toEqual([
    "contact: bake@crumb.example",
    "contact: +44 113 496 0000",
  ]);
});

test("passages that were taken over are pointed out as a whole", () => {
  expect(found("You help customers who ask when the sourdough is ready, politely.")).toEqual([
    "passage: customers who ask when the sourdough is ready",
  ]);
});

test("a vague and anonymous prompt is left alone", () => {
  expect(found("A shop's customers ask when something fresh can be picked up. What do you answer?")).toEqual(
    [],
  );
  expect(found("We sell 24 loaves.")).toEqual([]);
});
