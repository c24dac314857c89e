/** The launch form, from what the server says of a kind of run: values as they are typed, checks, and the request. */
import type { Schemas } from "@/api/client";

export type RunKind = Schemas["RunKind"];
export type Setting = Schemas["Setting"];
export type InputRole = Schemas["RunInputKind"];
export type Typed = string | boolean;
export type LauncherOption = Schemas["Launcher"];
export type LaunchValues = { launcher: LauncherOption["launcher"]; processes: string; ray_address: string };
export type FormValues = {
  name: string;
  launch: LaunchValues;
  inputs: Record<string, string | null>;
  config: Record<string, Typed>;
};

/** 9.65e-6 rather than 0.00000965: nobody counts zeros. */
export function numberText(value: number): string {
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);
}

/** The same for reading only: 256,000. */
export function readableNumber(value: number): string {
  return Math.abs(value) < 1e-3
    ? numberText(value)
    : value.toLocaleString("en", { maximumFractionDigits: 6 });
}

/** A setting's value for reading. */
export function valueText(value: unknown): string {
  if (typeof value === "number") return readableNumber(value);
  return value === "" || value === undefined || value === null ? "–" : String(value);
}

function typed(setting: Setting, value: unknown): Typed {
  if (setting.type === "boolean") return Boolean(value);
  return typeof value === "number" ? numberText(value) : String(value ?? "");
}

export function configValues(kind: RunKind, values: Record<string, unknown>): Record<string, Typed> {
  return Object.fromEntries(
    kind.fields.map((setting) => [setting.name, typed(setting, values[setting.name] ?? setting.default)]),
  );
}

const HERE: LaunchValues = { launcher: "local", processes: "1", ray_address: "" };

/** The choice of a launcher, with what it takes by itself. */
export function withLauncher(option: LauncherOption): LaunchValues {
  return {
    launcher: option.launcher,
    processes: option.launcher === "accelerate" ? String(Math.min(2, option.most_processes)) : "1",
    ray_address: option.addresses[0] ?? "",
  };
}

export function launcherOf(kind: RunKind, launch: LaunchValues): LauncherOption | undefined {
  return kind.launchers.find(({ launcher }) => launcher === launch.launcher);
}

export function initialValues(kind: RunKind, presetName: string): FormValues {
  const preset = kind.presets.find(({ name }) => name === presetName);
  return {
    name: "",
    launch: HERE,
    inputs: Object.fromEntries(kind.inputs.map(({ role }) => [role, null])),
    config: configValues(kind, preset?.values ?? kind.defaults),
  };
}

/** What is wrong with a typed value, or "". The server checks again, with the rules between fields. */
export function checkSetting(setting: Setting, value: Typed | undefined): string {
  if (setting.type !== "integer" && setting.type !== "number") return "";
  const text = String(value ?? "").trim();
  const number = Number(text);
  if (!text || !Number.isFinite(number)) return "Give a number, such as 9.65e-6.";
  if (setting.type === "integer" && !Number.isInteger(number)) return "Give a whole number.";
  if (setting.minimum !== null && number < setting.minimum) return `At least ${setting.minimum}.`;
  if (setting.maximum !== null && number > setting.maximum) return `At most ${setting.maximum}.`;
  return "";
}

/** Settings that decide whether an input is read at all, or leave it open (null); the server holds the same rule. */
const DECIDING: { role: string; setting: string; isRead: (value: Typed | undefined) => boolean | null }[] = [
  { role: "demonstrations", setting: "zero_point", isRead: (value) => value === "demonstrations" },
  { role: "pretraining", setting: "pretraining_fraction", isRead: (value) => Number(value) > 0 },
  { role: "pretraining", setting: "ptx_coefficient", isRead: (value) => Number(value) > 0 },
  {
    role: "reward_model",
    setting: "checkpoint_rule",
    isRead: (value) => (value === "auto" ? null : value === "reward"),
  },
];

function deciding(kind: RunKind, role: string, config: FormValues["config"]) {
  for (const rule of DECIDING) {
    const setting = kind.fields.find(({ name }) => name === rule.setting);
    if (rule.role === role && setting) return { setting, isRead: rule.isRead(config[setting.name]) };
  }
  return null;
}

/** Whether a run with these settings needs the input: always, or because of one of them. */
export function isNeeded(kind: RunKind, input: InputRole, config: FormValues["config"]): boolean {
  return input.required || (deciding(kind, input.role, config)?.isRead ?? false);
}

/** This version where such a run reads one of its kind, unless a setting decides whether it does. */
export function withVersion(
  kind: RunKind,
  values: FormValues,
  { id, dataset }: { id: number; dataset: { kind: Schemas["Dataset"]["kind"] } },
): FormValues {
  const reader = kind.inputs.find(
    ({ role, accepts, kinds, required }) =>
      accepts === "dataset_version" &&
      kinds.includes(dataset.kind) &&
      (required || !deciding(kind, role, values.config)),
  );
  return reader ? { ...values, inputs: { ...values.inputs, [reader.role]: String(id) } } : values;
}

function checkInput(kind: RunKind, input: InputRole, values: FormValues): string {
  const isChosen = Boolean(values.inputs[input.role]);
  if (input.required) return isChosen ? "" : "Choose one.";
  const rule = deciding(kind, input.role, values.config);
  if (!rule || rule.isRead === null || rule.isRead === isChosen) return "";
  const name = `“${rule.setting.label}”`;
  return isChosen
    ? `The setting ${name} leaves this unread: take it out, or change the setting.`
    : `The setting ${name} needs this: choose one, or change the setting.`;
}

export function checkForm(kind: RunKind, values: FormValues): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const input of kind.inputs) {
    const message = checkInput(kind, input, values);
    if (message) errors[`inputs.${input.role}`] = message;
  }
  for (const setting of kind.fields) {
    const message = checkSetting(setting, values.config[setting.name]);
    if (message) errors[`config.${setting.name}`] = message;
  }
  const most = launcherOf(kind, values.launch)?.most_processes ?? 1;
  const processes = Number(values.launch.processes);
  if (!Number.isInteger(processes) || processes < 1 || processes > most)
    errors["launch.processes"] = `Give a whole number from 1 to ${most}.`;
  return errors;
}

function sent(setting: Setting, value: Typed | undefined): unknown {
  return setting.type === "integer" || setting.type === "number" ? Number(value) : value;
}

export function toRequest(kind: RunKind, values: FormValues): Schemas["CreateRunRequest"] {
  const chosen = kind.inputs.filter(({ role }) => values.inputs[role]);
  return {
    kind: kind.kind,
    name: values.name.trim(),
    launch: { ...values.launch, processes: Number(values.launch.processes) },
    inputs: Object.fromEntries(
      chosen.map(({ role, accepts }) => [role, { [`${accepts}_id`]: Number(values.inputs[role]) }]),
    ),
    config: Object.fromEntries(
      kind.fields.map((setting) => [setting.name, sent(setting, values.config[setting.name])]),
    ),
  };
}

/** The form's field names, for putting the server's messages where they belong. */
export function fieldNames(kind: RunKind): string[] {
  return [
    "name",
    "launch.launcher",
    "launch.processes",
    "launch.ray_address",
    ...kind.inputs.map(({ role }) => `inputs.${role}`),
    ...kind.fields.map(({ name }) => `config.${name}`),
  ];
}

/** "1,000", "100 million", 1e-8. */
function boundText(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential();
  const isLarge = Math.abs(value) >= 1e6;
  return value.toLocaleString(
    "en",
    isLarge
      ? { notation: "compact", compactDisplay: "long", maximumFractionDigits: 1 }
      : { maximumFractionDigits: 6 },
  );
}

/** "1 to 1,000 epochs". */
export function rangeText(setting: Setting): string {
  const { minimum, maximum, unit } = setting;
  const range =
    minimum !== null && maximum !== null
      ? `${boundText(minimum)} to ${boundText(maximum)}`
      : minimum !== null
        ? `from ${boundText(minimum)}`
        : maximum !== null
          ? `up to ${boundText(maximum)}`
          : "";
  return [range, range && unit].filter(Boolean).join(" ");
}

/** Which settings differ from the paper's values: what a reader of a run looks for first. */
export function changedSettings(kind: RunKind, config: Record<string, unknown>): Set<string> {
  return new Set(
    kind.fields
      .filter(({ name }) => name in config && config[name] !== kind.defaults[name])
      .map(({ name }) => name),
  );
}

type NamedSetting = { name: string; setting: Setting | undefined };

/** A run's settings as the form shows them: the basic ones, the advanced ones, and what this version has not. */
export function settingGroups(
  kind: RunKind | undefined,
  config: Record<string, unknown>,
): { title: string; settings: NamedSetting[] }[] {
  const fields = (kind?.fields ?? []).filter(({ name }) => name in config);
  const of = (wanted: Setting["group"]): NamedSetting[] =>
    fields.filter(({ group }) => group === wanted).map((setting) => ({ name: setting.name, setting }));
  const known = new Set(fields.map(({ name }) => name));
  const others = Object.keys(config).filter((name) => !known.has(name));
  return [
    { title: "Basic", settings: of("basic") },
    { title: "Advanced", settings: of("advanced") },
    { title: "Other", settings: others.map((name) => ({ name, setting: undefined })) },
  ].filter(({ settings }) => settings.length > 0);
}

/** The form of a run that is there already, for doing it again. */
export function valuesOfRun(kind: RunKind, run: Schemas["Run"]): FormValues {
  const inputs = Object.fromEntries(kind.inputs.map(({ role }) => [role, null as string | null]));
  for (const input of run.inputs) {
    const source = input.checkpoint ?? input.endpoint ?? input.dataset_version;
    if (source && input.role in inputs) inputs[input.role] = String(source.id);
  }
  const launch = { launcher: run.launcher, processes: String(run.processes), ray_address: run.ray_address };
  return {
    name: "",
    launch: launcherOf(kind, launch) ? launch : HERE,
    inputs,
    config: configValues(kind, run.config),
  };
}
