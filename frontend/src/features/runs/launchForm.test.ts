import { describe, expect, test } from "vitest";
import type { Schemas } from "@/api/client";
import {
  changedSettings,
  checkForm,
  checkSetting,
  fieldNames,
  initialValues,
  isNeeded,
  type LaunchValues,
  type RunKind,
  rangeText,
  readableNumber,
  type Setting,
  settingGroups,
  toRequest,
  valuesOfRun,
  withLauncher,
  withVersion,
} from "@/features/runs/launchForm";
import { presetFor, presetOf, standardPreset, withPreset } from "@/features/runs/presets";

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
  launchers: [
    { launcher: "local", label: "This machine", help: "", most_processes: 1, addresses: [] },
    { launcher: "accelerate", label: "Several", help: "", most_processes: 8, addresses: [] },
    { launcher: "ray", label: "Ray", help: "", most_processes: 64, addresses: ["http://ray:8265"] },
  ],
  defaults: { epochs: 16, learning_rate: 9.65e-6, device: "auto", packs: true },
  presets: [
    { name: "tiny", label: "Tiny", values: { epochs: 8, learning_rate: 2e-3, device: "auto", packs: false } },
  ],
} as RunKind;

const HERE: LaunchValues = { launcher: "local", processes: "1", ray_address: "" };

describe("the launcher", () => {
  const on = (launch: LaunchValues) => ({ ...initialValues(KIND, "tiny"), launch });

  test("is this machine in one process unless another is chosen", () => {
    expect(toRequest(KIND, initialValues(KIND, "tiny")).launch).toEqual({
      launcher: "local",
      processes: 1,
      ray_address: "",
    });
    const [, accelerate, ray] = KIND.launchers.map(withLauncher);
    expect(accelerate).toEqual({ launcher: "accelerate", processes: "2", ray_address: "" });
    expect(ray).toEqual({ launcher: "ray", processes: "1", ray_address: "http://ray:8265" });
  });

  test("takes as many processes as the server has", () => {
    const processes = (count: string) =>
      checkForm(KIND, on({ launcher: "accelerate", processes: count, ray_address: "" }))["launch.processes"];
    expect(processes("8")).toBeUndefined();
    for (const wrong of ["9", "0", "1.5", "two", ""])
      expect(processes(wrong)).toBe("Give a whole number from 1 to 8.");
  });
});

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

describe("an input that a setting decides on", () => {
  const input = {
    role: "demonstrations",
    label: "Demonstrations",
    required: false,
  } as RunKind["inputs"][number];
  const zero = setting({
    name: "zero_point",
    type: "choice",
    label: "Reward 0 means",
    minimum: null,
    maximum: null,
  });
  const kind = { ...KIND, inputs: [input], fields: [zero] } as RunKind;
  const values = (zero_point: string, demonstrations: string | null) => ({
    name: "",
    launch: HERE,
    inputs: { demonstrations },
    config: { zero_point },
  });

  test("is needed while the setting reads it", () => {
    expect(isNeeded(kind, input, { zero_point: "demonstrations" })).toBe(true);
    expect(isNeeded(kind, input, { zero_point: "responses" })).toBe(false);
  });

  test("is missed, or too much, by the setting's label", () => {
    const message = (of: ReturnType<typeof values>) => checkForm(kind, of)["inputs.demonstrations"];
    expect(message(values("demonstrations", null))).toContain("“Reward 0 means” needs this");
    expect(message(values("responses", "3"))).toContain("“Reward 0 means” leaves this unread");
    expect(message(values("demonstrations", "3"))).toBeUndefined();
    expect(message(values("responses", null))).toBeUndefined();
  });
});

test("an input that a setting leaves open is neither missed nor too much", () => {
  const judge = { role: "reward_model", label: "Reward model", required: false } as RunKind["inputs"][number];
  const rule = setting({ name: "checkpoint_rule", type: "choice", label: "Epoch to keep", minimum: null });
  const kind = { ...KIND, inputs: [judge], fields: [rule] } as RunKind;
  const message = (checkpoint_rule: string, reward_model: string | null) =>
    checkForm(kind, { name: "", launch: HERE, inputs: { reward_model }, config: { checkpoint_rule } })[
      "inputs.reward_model"
    ];
  expect(message("auto", null)).toBeUndefined();
  expect(message("auto", "3")).toBeUndefined();
  expect(message("last", "3")).toContain("“Epoch to keep” leaves this unread");
  expect(message("reward", null)).toContain("“Epoch to keep” needs this");
  expect(isNeeded(kind, judge, { checkpoint_rule: "auto" })).toBe(false);
});

describe("the preset of a model", () => {
  const tiny = { id: 1, name: "tiny-base" };
  const checkpoints: Record<string, Awaited<ReturnType<NonNullable<Parameters<typeof presetFor>[1]>>>> = {
    1: { ...tiny, parents: [] },
    2: { name: "SFT", parents: [tiny] },
    3: { name: "llama", parents: [] },
    4: {
      name: "policy",
      parents: [
        { id: 3, name: "llama" },
        { id: 5, name: "RM" },
      ],
    },
    5: {
      name: "RM",
      parents: [
        { id: 2, name: "SFT" },
        { id: 4, name: "policy" },
      ],
    },
    6: { name: "a circle", parents: [{ id: 6, name: "a circle" }] },
  };
  const read = async (id: number) => checkpoints[id] ?? expect.fail(`asked for ${id}`);
  const kind = {
    ...KIND,
    presets: [...KIND.presets, { name: "paper", label: "", values: KIND.defaults }],
  } as RunKind;

  test.each([
    ["1", "tiny"],
    ["2", "tiny"],
    ["3", "paper"],
    ["4", "tiny"],
    ["6", "paper"],
  ])("%s is %s", async (id, name) => expect(await presetFor(id, read)).toBe(name));

  test("comes with the model, unless a setting was touched", () => {
    const start = initialValues(kind, "paper");
    const chosen = withPreset(kind, start, "tiny");
    expect(presetOf(kind, chosen.config)?.name).toBe("tiny");
    const touched = { ...start, config: { ...start.config, epochs: "5" } };
    expect(withPreset(kind, touched, "tiny").config).toEqual(touched.config);
    const typedSince = withPreset(kind, touched, "tiny", { before: start.config });
    expect(typedSince.config).toEqual({ ...chosen.config, epochs: "5" });
  });

  test("comes with the next model too, unless another was chosen by hand", () => {
    const small = initialValues(kind, "tiny");
    expect(presetOf(kind, withPreset(kind, small, "paper", { brought: "tiny" }).config)?.name).toBe("paper");
    expect(withPreset(kind, small, "paper", { brought: "paper" })).toBe(small);
  });

  test.each([
    [[], "paper"],
    [["tiny-base"], "tiny"],
    [["llama"], "paper"],
    [["tiny-base", "llama"], "paper"],
  ])("before one is chosen among %j is %s", (names, preset) =>
    expect(standardPreset(names.map((name) => ({ name })))).toBe(preset),
  );
});

describe("a frozen version", () => {
  const reader = (role: string, required: boolean) => ({
    role,
    label: role,
    help: "",
    accepts: "dataset_version",
    kinds: ["demonstrations"],
    required,
  });
  const chosen = (...roles: [string, boolean][]) => {
    const kind = {
      ...KIND,
      inputs: roles.map(([role, required]) => reader(role, required)),
      fields: [setting({ name: "pretraining_fraction", type: "number", default: 0 })],
    } as RunKind;
    return (of: "demonstrations" | "prompts") =>
      withVersion(kind, initialValues(kind, "none"), { id: 7, dataset: { kind: of } }).inputs;
  };

  test("is read where it must be", () => {
    const sft = chosen(["pretraining", false], ["demonstrations", true]);
    expect(sft("demonstrations")).toEqual({ pretraining: null, demonstrations: "7" });
    expect(sft("prompts")).toEqual({ pretraining: null, demonstrations: null });
  });

  test("is read where it may be, unless a setting decides", () => {
    expect(chosen(["prompts", false])("demonstrations")).toEqual({ prompts: "7" });
    expect(chosen(["pretraining", false])("demonstrations")).toEqual({ pretraining: null });
  });
});

test("the request has numbers, chosen inputs only, and the column that a role accepts", () => {
  const values = initialValues(KIND, "tiny");
  const request = toRequest(KIND, { ...values, name: " first ", inputs: { model: "4", pretraining: null } });
  expect(request).toEqual({
    kind: "sft",
    name: "first",
    launch: { launcher: "local", processes: 1, ray_address: "" },
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
  expect(rangeText(setting({ minimum: null, maximum: 2147483647 }))).toBe("up to 2.1 billion");
});

test.each([
  [256000, "256,000"],
  [9.65e-6, "9.65e-6"],
  [0, "0"],
  [0.95, "0.95"],
])("%s is read as %s", (value, text) => expect(readableNumber(value)).toBe(text));

test("what differs from the paper", () => {
  expect([...changedSettings(KIND, { epochs: 16, learning_rate: 0.1 })]).toEqual(["learning_rate"]);
});

describe("a run's settings", () => {
  test("stand in the form's groups and order, what this version does not know behind them", () => {
    const fields = [
      setting({ name: "seed", group: "advanced" }),
      setting({ name: "epochs" }),
      setting({ name: "batch_size" }),
    ];
    const kind = { ...KIND, fields } as RunKind;
    const groups = settingGroups(kind, { gone: 1, batch_size: 8, seed: 0, epochs: 2 });
    expect(groups.map(({ title, settings }) => [title, settings.map(({ name }) => name)])).toEqual([
      ["Basic", ["epochs", "batch_size"]],
      ["Advanced", ["seed"]],
      ["Other", ["gone"]],
    ]);
    expect(settingGroups(undefined, { epochs: 2 }).map(({ title }) => title)).toEqual(["Other"]);
  });
});
