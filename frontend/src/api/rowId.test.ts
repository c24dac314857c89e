import { expect, test } from "vitest";
import { ApiError } from "@/api/errors";
import { rowId } from "@/api/rowId";

test("the number of an address", () => expect(rowId("17")).toBe(17));

test.each(["new", "", "0", "-1", "1.5", "9e99", "NaN"])("%j names no row", (text) => {
  expect(() => rowId(text)).toThrow(ApiError);
});
