import { expect, test } from "vitest";
import { countWords } from "@/ui/words";

test("counts words, not marks", () => {
  expect(countWords("")).toBe(0);
  expect(countWords("  \n ")).toBe(0);
  expect(countWords("Two words.")).toBe(2);
  expect(countWords("# Title\n\n- one\n- two")).toBe(3);
  expect(countWords("日本語")).toBeGreaterThan(0);
});
