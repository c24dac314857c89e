import { describe, expect, test } from "vitest";
import { ApiError, fieldErrors, isOutage, isTransient, NetworkError } from "@/api/errors";

const invalid = new ApiError(400, {
  code: "invalid_input",
  message: "name: Too long.",
  errors: [
    { field: "name", message: "Too long." },
    { field: "config.beta", message: "At most 1." },
    { field: "surprise", message: "Unknown field." },
  ],
});

describe("fieldErrors", () => {
  test("gives each message to its field and the rest to the form", () => {
    expect(fieldErrors(invalid, ["name", "config"])).toEqual({
      name: "Too long.",
      config: "beta: At most 1.",
      "": "surprise: Unknown field.",
    });
  });

  test("never loses an error that names no field", () => {
    expect(fieldErrors(new NetworkError(), ["name"])[""]).toContain("cannot be reached");
    expect(fieldErrors(null, ["name"])).toEqual({});
  });
});

test("only what may pass is worth a retry", () => {
  expect(isTransient(new NetworkError())).toBe(true);
  expect(isTransient(new ApiError(503, {}))).toBe(true);
  expect(isTransient(invalid)).toBe(false);
});

test("behind a proxy an outage is its answer; a fault of the server's own is none", () => {
  expect([502, 503, 504].map((status) => isOutage(new ApiError(status, {})))).toEqual([true, true, true]);
  expect(isOutage(new NetworkError())).toBe(true);
  expect(isOutage(new ApiError(500, {}))).toBe(false);
});
