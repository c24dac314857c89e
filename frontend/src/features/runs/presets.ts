/** Sets of values that go together, and which of them a model brings along. */
import { $api, queryClient, type Schemas } from "@/api/client";
import { configValues, type FormValues, type RunKind } from "@/features/runs/launchForm";

/** The preset whose values these are, if any. */
export function presetOf(kind: RunKind, config: FormValues["config"]) {
  return kind.presets.find((preset) =>
    Object.entries(configValues(kind, preset.values)).every(([name, value]) => config[name] === value),
  );
}

type Family = Pick<Schemas["Checkpoint"], "name"> & { parents: readonly { id: number; name: string }[] };

const BUILT_IN = "tiny-base";

function readCheckpoint(checkpoint_id: number): Promise<Family> {
  return queryClient.ensureQueryData(
    $api.queryOptions("get", "/api/v1/checkpoints/{checkpoint_id}", { params: { path: { checkpoint_id } } }),
  );
}

/**
 * The preset of what stems from the built-in model, or the paper's, which would keep a CPU busy for days on a model that
 * learns in a minute. Asks for the ancestors, generation by generation.
 */
export async function presetFor(modelId: string, read = readCheckpoint): Promise<"tiny" | "paper"> {
  const seen = new Set<number>();
  let generation = [Number(modelId)];
  while (generation.length) {
    const family = await Promise.all(generation.map(read));
    const relatives = family.flatMap(({ name, parents }) => [name, ...parents.map((parent) => parent.name)]);
    if (relatives.includes(BUILT_IN)) return "tiny";
    for (const id of generation) seen.add(id);
    const parents = family.flatMap((checkpoint) => checkpoint.parents.map(({ id }) => id));
    generation = [...new Set(parents)].filter((id) => !seen.has(id));
  }
  return "paper";
}

/** The preset before a model is chosen: the built-in model's, where there is no other to begin from. */
export function standardPreset(bases: readonly { name: string }[]): "tiny" | "paper" {
  return bases.length > 0 && bases.every(({ name }) => name === BUILT_IN) ? "tiny" : "paper";
}

type Touched = { before?: FormValues["config"]; brought?: string };

/** Choosing a model brings its preset, unless the settings `before` were not as `brought`; what was typed since stays. */
export function withPreset(
  kind: RunKind,
  values: FormValues,
  presetName: string,
  { before = values.config, brought = "paper" }: Touched = {},
): FormValues {
  const preset = kind.presets.find(({ name }) => name === presetName);
  if (!preset || presetOf(kind, before)?.name !== brought) return values;
  const typed = Object.entries(values.config).filter(([name, value]) => value !== before[name]);
  return { ...values, config: { ...configValues(kind, preset.values), ...Object.fromEntries(typed) } };
}
