import { describe, expect, test } from "vitest";
import { NOTHING, sizeOf, targetOf, toggled } from "@/features/prompts/selection";

describe("which prompts are meant", () => {
  test("those that were chosen, and not one that was taken back", () => {
    const chosen = toggled(toggled(toggled(NOTHING, 3), 5), 3);
    expect(sizeOf(chosen)).toBe(1);
    expect(targetOf(chosen, { tag: "new" })).toEqual({ prompt_ids: [5] });
  });

  test("all that were counted, by the filters of the list and without its order", () => {
    const all = { ids: new Set([1]), all: { count: 20_000, upToId: 77 } };
    expect(sizeOf(all)).toBe(20_000);
    expect(targetOf(all, { tag: "new", ordering: "created_at" })).toEqual({
      filter: { tag: "new", archived: false, up_to_id: 77 },
    });
    expect(toggled(all, 1)).toEqual(NOTHING);
  });
});
