import { expect, test } from "vitest";
import { type Part, whatChanged } from "@/features/labeling/task/instructionDiff";

/** Each line as text: [-gone-], {+new+}; "…3" for three lines that are left out. */
function drawn(parts: Part[]): string[] {
  return parts.map((part) =>
    part.type === "gap"
      ? `…${part.count}`
      : part.pieces
          .map(({ kind, text }) =>
            kind === "same" ? text : kind === "added" ? `{+${text}+}` : `[-${text}-]`,
          )
          .join(""),
  );
}

test("words are marked in their lines", async () => {
  expect(drawn(await whatChanged("Be kind.\nBe brief.\n", "Be kind and fair.\nBe brief.\n"))).toEqual([
    "Be kind{+ and fair+}.",
    "Be brief.",
  ]);
});

test("whole lines come and go", async () => {
  expect(drawn(await whatChanged("One.\nTwo.\n", "One.\n"))).toEqual(["One.", "[-Two.-]"]);
  expect(drawn(await whatChanged("One.\n", "One.\n\nTwo.\n"))).toEqual(["One.", "", "{+Two.+}"]);
});

test("far lines are left out", async () => {
  const lines = Array.from({ length: 10 }, (_, index) => `Line ${index}.`);
  const after = lines.with(9, "Line nine.");
  expect(drawn(await whatChanged(`${lines.join("\n")}\n`, `${after.join("\n")}\n`))).toEqual([
    "…7",
    "Line 7.",
    "Line 8.",
    "Line [-9-]{+nine+}.",
  ]);
});

test("the same text has no change", async () => {
  expect(await whatChanged("One.\nTwo.", "One.\nTwo.")).toEqual([{ type: "gap", count: 2 }]);
});
