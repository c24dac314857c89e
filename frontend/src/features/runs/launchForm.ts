/** The launch form, from what the server says of a kind of run: values as they are typed, checks, and the request. */
import type { Schemas } from "@/api/client";

export type RunKind = Schemas["RunKind"];
export type Setting = Schemas["Setting"];
export type InputRole = Schemas["RunInputKind"];
export type Typed = string | boolean;
export type FormValues = {
  name: string;
  inputs: Record<string, string | null>;
  config: Record<string, Typed>;
};

/** 9.65e-6 rather than 0.00000965: nobody counts zeros. */
export function numberText(value: number): string {
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);
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

export function initialValues(kind: RunKind, presetName: string): FormValues {
  const preset = kind.presets.find(({ name }) => name === presetName);
  return {
    name: "",
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

export function checkForm(kind: RunKind, values: FormValues): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const input of kind.inputs)
    if (input.required && !values.inputs[input.role]) errors[`inputs.${input.role}`] = "Choose one.";
  for (const setting of kind.fields) {
    const message = checkSetting(setting, values.config[setting.name]);
    if (message) errors[`config.${setting.name}`] = message;
  }
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
    ...kind.inputs.map(({ role }) => `inputs.${role}`),
    ...kind.fields.map(({ name }) => `config.${name}`),
  ];
}

/** "1 to 1,000 epochs". */
export function rangeText(setting: Setting): string {
  const { minimum, maximum, unit } = setting;
  const number = (value: number) =>
    Math.abs(value) >= 1e7 || (value !== 0 && Math.abs(value) < 1e-3)
      ? value.toExponential().replace("e+", "e")
      : value.toLocaleString("en", { maximumFractionDigits: 6 });
  const range =
    minimum !== null && maximum !== null
      ? `${number(minimum)} to ${number(maximum)}`
      : minimum !== null
        ? `from ${number(minimum)}`
        : maximum !== null
          ? `up to ${number(maximum)}`
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

/** The form of a run that is there already, for doing it again. */
export function valuesOfRun(kind: RunKind, run: Schemas["Run"]): FormValues {
  const inputs = Object.fromEntries(kind.inputs.map(({ role }) => [role, null as string | null]));
  for (const input of run.inputs) {
    const source = input.checkpoint ?? input.endpoint ?? input.dataset_version;
    if (source && input.role in inputs) inputs[input.role] = String(source.id);
  }
  return { name: "", inputs, config: configValues(kind, run.config) };
}
