import { describe, expect, test } from "vitest";
import { withoutMarks } from "@/ui/withoutMarks";

describe("withoutMarks", () => {
  test.each([
    ["It is **very *very* hot**, ~~not~~ `cold`.", "It is very very hot, not cold."],
    ["## What to do\n\n- __First__: _this_", "What to do\n\n- First: this"],
    ["这是**重点**。", "这是重点。"],
    ["`a * b` and ``c ` d``", "a * b and c ` d"],
  ])("takes away what only formats: %s", (marked, read) => {
    expect(withoutMarks(marked)).toBe(read);
  });

  test.each([
    "2 * 3 * 4 = 24, or 2*3*4",
    "snake_case_name and some__thing__else",
    "#hashtag, C# and 5 ~~ 6",
    "\\*not this\\*",
    "* one\n* two",
    "```python\n# a comment\nx = **kw\n```",
    "| a | b |\n|---|---|",
  ])("leaves what is the text's own: %s", (text) => {
    expect(withoutMarks(text)).toBe(text);
  });

  test("a long text of nothing but marks takes no time", () => {
    for (const sign of ["*", "_", "`", "~", "** ", "`a", "*a "]) withoutMarks(sign.repeat(50_000));
  });
});
