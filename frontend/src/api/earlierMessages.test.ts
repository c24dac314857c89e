import { expect, test } from "vitest";
import { joined, type Part } from "@/api/earlierMessages";

/** Messages of these ids, as many before them as their ids say: they are 1, 2, 3 … */
function part(...ids: number[]): Part {
  const messages = ids.map((id) => ({ id }) as Part["messages"][number]);
  return { messages, earlier_count: (ids[0] ?? 1) - 1 };
}

test("earlier and newer messages join what is shown, each once", () => {
  expect(joined(undefined, part(4, 5))).toEqual(part(4, 5));
  expect(joined(part(4, 5), part(2, 3))).toEqual(part(2, 3, 4, 5));
  expect(joined(part(2, 3, 4, 5), part(5, 6)), "the newest have moved on").toEqual(part(2, 3, 4, 5, 6));
  expect(joined(part(2, 3), part(4, 5)), "just behind each other").toEqual(part(2, 3, 4, 5));
});

test("nothing is shown with a gap in it", () => {
  expect(joined(part(1, 2), part(9, 10))).toEqual(part(9, 10));
});
