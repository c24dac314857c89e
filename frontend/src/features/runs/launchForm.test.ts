import { describe, expect, test } from "vitest";
import type { Schemas } from "@/api/client";
import {
  changedSettings,
  checkForm,
  checkSetting,
  fieldNames,
  initialValues,
  type RunKind,
  rangeText,
  type Setting,
  toRequest,
  valuesOfRun,
} from "@/features/runs/launchForm";

function setting(overrides: Partial<Setting>): Setting {
  return {
    name: "epochs",
    type: "integer",
    choices: [],
    default: 16,
    label: "Epochs",
    help: "",
    unit: "",
    minimum: 1,
    maximum: 1000,
    group: "basic",
    source: "",
    ...overrides,
  };
}

const KIND = {
  kind: "sft",
  label: "Supervised fine-tuning",
  description: "",
  inputs: [
    {
      role: "model",
      label: "Initial weights",
      accepts: "checkpoint",
      kinds: ["base"],
      required: true,
      help: "",
    },
    { role: "pretraining", label: "Text", accepts: "dataset_version", kinds: [], required: false, help: "" },
  ],
  fields: [
    setting({}),
    setting({ name: "learning_rate", type: "number", default: 9.65e-6, minimum: 0, maximum: 1 }),
    setting({
      name: "device",
      type: "choice",
      choices: ["auto", "cpu"],
      default: "auto",
      minimum: null,
      maximum: null,
    }),
    setting({ name: "packs", type: "boolean", default: true, minimum: null, maximum: null }),
  ],
  defaults: { epochs: 16, learning_rate: 9.65e-6, device: "auto", packs: true },
  presets: [
    { name: "tiny", label: "Tiny", values: { epochs: 8, learning_rate: 2e-3, device: "auto", packs: false } },
  ],
} as RunKind;

describe("values", () => {
  test("begin as the preset's, or as the paper's", () => {
    expect(initialValues(KIND, "tiny").config).toEqual({
      epochs: "8",
      learning_rate: "0.002",
      device: "auto",
      packs: false,
    });
    expect(initialValues(KIND, "none").config.learning_rate).toBe("9.65e-6");
  });

  test("of a run that is there fill the form", () => {
    const run = {
      config: { epochs: 3, learning_rate: 0.1, device: "cpu", packs: true },
      inputs: [{ role: "model", checkpoint: { id: 7 }, endpoint: null, dataset_version: null }],
    } as unknown as Schemas["Run"];
    const values = valuesOfRun(KIND, run);
    expect(values.inputs).toEqual({ model: "7", pretraining: null });
    expect(values.config.epochs).toBe("3");
  });
});

describe("checks", () => {
  const number = setting({ name: "rate", type: "number", minimum: 0, maximum: 1 });

  test.each([
    ["9.65e-6", ""],
    ["", "Give a number"],
    ["fast", "Give a number"],
    ["1.5", "At most 1"],
    ["-1", "At least 0"],
    ["Infinity", "Give a number"],
  ])("of %j", (value, message) => {
    const found = checkSetting(number, value);
    if (message) expect(found).toContain(message);
    else expect(found).toBe("");
  });

  test("a whole number stays whole", () => {
    expect(checkSetting(setting({}), "2.5")).toContain("whole");
    expect(checkSetting(setting({}), "2")).toBe("");
  });

  test("name the field, and miss a required input", () => {
    const values = initialValues(KIND, "tiny");
    expect(checkForm(KIND, { ...values, config: { ...values.config, epochs: "0" } })).toEqual({
      "inputs.model": "Choose one.",
      "config.epochs": "At least 1.",
    });
  });
});

test("the request has numbers, chosen inputs only, and the column that a role accepts", () => {
  const values = initialValues(KIND, "tiny");
  const request = toRequest(KIND, { ...values, name: " first ", inputs: { model: "4", pretraining: null } });
  expect(request).toEqual({
    kind: "sft",
    name: "first",
    inputs: { model: { checkpoint_id: 4 } },
    config: { epochs: 8, learning_rate: 2e-3, device: "auto", packs: false },
  });
});

test("field names are those of the server's errors", () => {
  expect(fieldNames(KIND)).toContain("config.learning_rate");
  expect(fieldNames(KIND)).toContain("inputs.model");
});

test("ranges read well", () => {
  expect(rangeText(setting({ unit: "epochs" }))).toBe("1 to 1,000 epochs");
  expect(rangeText(setting({ minimum: null, maximum: 2147483647 }))).toBe("up to 2.147483647e9");
});

test("what differs from the paper", () => {
  expect([...changedSettings(KIND, { epochs: 16, learning_rate: 0.1 })]).toEqual(["learning_rate"]);
});
