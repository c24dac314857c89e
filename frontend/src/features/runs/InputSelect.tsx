import { Select } from "@mantine/core";
import type { ReactNode } from "react";
import { $api } from "@/api/client";
import { CHECKPOINT_KIND, DATASET_KIND } from "@/api/labels";
import type { InputRole } from "@/features/runs/launchForm";
import { pluralize } from "@/ui/format";
import { TextLink } from "@/ui/links";

type InputSelectProps = {
  input: InputRole;
  value: string | null;
  error: string | undefined;
  onChange: (value: string | null) => void;
};
type Option = { value: string; label: string };

/** What a run reads in one role: only what fits is offered. */
export function InputSelect(props: InputSelectProps) {
  if (props.input.accepts === "checkpoint") return <CheckpointSelect {...props} />;
  if (props.input.accepts === "endpoint") return <EndpointSelect {...props} />;
  return <DatasetVersionSelect {...props} />;
}

function CheckpointSelect(props: InputSelectProps) {
  const { data } = $api.useQuery("get", "/api/v1/checkpoints", { params: { query: { page_size: 200 } } });
  const rows = data?.results.filter(({ kind }) => props.input.kinds.includes(kind));
  const options = rows?.map(({ id, name, kind }) => ({
    value: String(id),
    label: `${name} · ${CHECKPOINT_KIND[kind]}`,
  }));
  return (
    <Choice
      {...props}
      options={options}
      nothing={<TextLink to="/checkpoints">Register a model, or train one first</TextLink>}
    />
  );
}

function EndpointSelect(props: InputSelectProps) {
  const { data } = $api.useQuery("get", "/api/v1/endpoints");
  const options = data?.results.map(({ id, name, model }) => ({
    value: String(id),
    label: `${name} · ${model}`,
  }));
  return (
    <Choice
      {...props}
      options={options}
      nothing={<TextLink to="/checkpoints/endpoints">Register an endpoint</TextLink>}
    />
  );
}

function DatasetVersionSelect(props: InputSelectProps) {
  const { data } = $api.useQuery("get", "/api/v1/dataset-versions", {
    params: { query: { state: "ready", page_size: 200 } },
  });
  const rows = data?.results.filter(({ dataset }) => props.input.kinds.includes(dataset.kind));
  const options = rows?.map(({ id, dataset, number, rows_total }) => ({
    value: String(id),
    label: `${dataset.name} v${number} · ${pluralize(rows_total ?? 0, "row")}`,
  }));
  const kinds = props.input.kinds.map((kind) =>
    DATASET_KIND[kind as keyof typeof DATASET_KIND]?.toLowerCase(),
  );
  return (
    <Choice
      {...props}
      options={options}
      nothing={<TextLink to="/datasets">Freeze a dataset of {kinds.join(" or ")}</TextLink>}
    />
  );
}

type ChoiceProps = InputSelectProps & { options: Option[] | undefined; nothing: ReactNode };

function Choice({ input, value, error, onChange, options, nothing }: ChoiceProps) {
  const isEmpty = options?.length === 0;
  return (
    <Select
      label={input.label}
      name={input.role}
      description={isEmpty ? <>There is none yet. {nothing}.</> : input.help || undefined}
      placeholder={isEmpty ? "None" : input.required ? "Choose one" : "None"}
      withAsterisk={input.required}
      clearable={!input.required}
      searchable
      disabled={isEmpty}
      inputWrapperOrder={["label", "input", "description", "error"]}
      data={options ?? []}
      value={value}
      error={error}
      onChange={onChange}
    />
  );
}
