import { MultiSelect, Select, Stack, Text } from "@mantine/core";
import { useEffect, useRef } from "react";
import { BATCHES, useChoice } from "@/api/choice";
import { $api, type Schemas } from "@/api/client";
import { useEvents } from "@/api/events";
import { SPLIT } from "@/api/labels";
import { hasRole, useMe } from "@/api/session";
import { formatNumber, pluralize } from "@/ui/format";
import { TextLink } from "@/ui/links";

export type Sources = { source_ids: number[]; baseline_id: number | null };

type SourcesSelectProps = {
  value: Sources;
  /** The newest batch of this checkpoint is chosen from the start. */
  checkpointId?: number | undefined;
  errors: { source_ids?: string | undefined; baseline_id?: string | undefined };
  onChange: (value: Sources) => void;
};

function sourceName({ checkpoint, endpoint, name }: Schemas["SampleBatch"]): string {
  return [checkpoint?.name ?? endpoint?.name, name].filter(Boolean).join(" · ");
}

/** What an evaluation compares, and which of it the rest is held against. */
export function SourcesSelect({ value, checkpointId, errors, onChange }: SourcesSelectProps) {
  const batches = useChoice(BATCHES, {
    chosen: value.source_ids,
    label: (batch) => `${sourceName(batch)} (${pluralize(batch.response_count, "response")})`,
  });
  const label = (id: number) => {
    const batch = batches.rows.find((candidate) => candidate.id === id);
    return batch ? sourceName(batch) : `Batch ${id}`;
  };
  const preset = useRef(false);
  const { data: newest } = $api.useQuery(
    "get",
    "/api/v1/sample-batches",
    { params: { query: { checkpoint: checkpointId ?? 0, page_size: 1 } } },
    { enabled: checkpointId !== undefined },
  );
  const ofCheckpoint = newest?.results[0];
  useEffect(() => {
    if (preset.current || !ofCheckpoint) return;
    preset.current = true;
    if (!value.source_ids.length) onChange({ ...value, source_ids: [ofCheckpoint.id] });
  }, [ofCheckpoint, value, onChange]);
  const choose = (ids: number[]) =>
    onChange({
      source_ids: ids,
      baseline_id: value.baseline_id !== null && ids.includes(value.baseline_id) ? value.baseline_id : null,
    });
  return (
    <Stack>
      <MultiSelect
        label="Sources"
        description="2 to 9 batches of responses. A task shows the first response of each, shuffled, without its origin."
        required
        {...batches.select}
        hidePickedOptions
        maxValues={9}
        placeholder={value.source_ids.length ? undefined : "Choose batches"}
        value={value.source_ids.map(String)}
        onChange={(ids) => choose(ids.map(Number))}
        error={errors.source_ids}
      />
      {checkpointId !== undefined && newest && !ofCheckpoint && <NoResponses checkpointId={checkpointId} />}
      <Select
        label="Baseline"
        description="The others' win rates are against this one; a tie counts one half."
        required
        disabled={value.source_ids.length < 2}
        placeholder={value.source_ids.length < 2 ? "Choose two sources first" : "Choose one of the sources"}
        data={value.source_ids.map((id) => ({ value: String(id), label: label(id) }))}
        value={value.baseline_id === null ? null : String(value.baseline_id)}
        onChange={(id) => onChange({ ...value, baseline_id: id === null ? null : Number(id) })}
        error={errors.baseline_id}
      />
      <SharedPrompts batchIds={value.source_ids} />
    </Stack>
  );
}

function NoResponses({ checkpointId }: { checkpointId: number }) {
  const isAdmin = hasRole(useMe(), "admin");
  const { data: runs } = $api.useQuery("get", "/api/v1/runs", {
    params: { query: { kind: "sample", checkpoint: checkpointId, page_size: 1 } },
  });
  useEvents(
    ["runs"],
    [
      ["get", "/api/v1/runs"],
      ["get", "/api/v1/sample-batches"],
    ],
  );
  const sampling = runs?.results.find(({ state }) => state === "queued" || state === "running");
  if (!runs) return null;
  if (sampling)
    return (
      <Text size="sm" c="dimmed" role="status">
        The checkpoint’s responses are being sampled now, by{" "}
        <TextLink to="/runs/$runId" params={{ runId: String(sampling.id) }} dir="auto">
          {sampling.name}
        </TextLink>
        . They are chosen here by themselves once they are there.
      </Text>
    );
  return (
    <Text size="sm" c="dimmed">
      The checkpoint has no responses yet.{" "}
      {isAdmin ? (
        <>
          <TextLink to="/runs/new" search={{ kind: "sample", model: checkpointId }}>
            Sample from it
          </TextLink>{" "}
          for the prompts that the baseline has answered.
        </>
      ) : (
        "An admin samples them, for the prompts that the baseline has answered."
      )}
    </Text>
  );
}

/** How many prompts all of these have answered, by split. */
function SharedPrompts({ batchIds }: { batchIds: number[] }) {
  const { data } = $api.useQuery(
    "get",
    "/api/v1/evaluations/shared-prompts",
    { params: { query: { batch_ids: batchIds.join(",") } } },
    { enabled: batchIds.length > 1 },
  );
  if (!data || batchIds.length < 2) return null;
  const total = data.train + data.valid + data.test;
  return (
    <Text size="sm" role="status" c={total ? "dimmed" : "var(--warn)"}>
      {total
        ? `All of them have answered ${pluralize(total, "prompt")}: ${formatNumber(data.test)} of ${SPLIT.test.toLowerCase()}, ${formatNumber(data.valid)} of ${SPLIT.valid.toLowerCase()}, ${formatNumber(data.train)} of ${SPLIT.train.toLowerCase()}.`
        : "There is no prompt that all of them have answered."}
    </Text>
  );
}
