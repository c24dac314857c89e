import { Select, type SelectProps } from "@mantine/core";
import type { ReactNode } from "react";
import { CHECKPOINTS, ENDPOINTS, useChoice, VERSIONS } from "@/api/choice";
import type { Schemas } from "@/api/client";
import { CHECKPOINT_KIND, DATASET_KIND } from "@/api/labels";
import { useTinyBase } from "@/api/tinyBase";
import type { InputRole } from "@/features/runs/launchForm";
import { pluralize } from "@/ui/format";
import { TextLink } from "@/ui/links";

type InputSelectProps = {
  input: InputRole;
  value: string | null;
  error: string | undefined;
  onChange: (value: string | null) => void;
};

/** What a run reads in one role: only what fits is offered. */
export function InputSelect(props: InputSelectProps) {
  if (props.input.accepts === "checkpoint") return <CheckpointSelect {...props} />;
  if (props.input.accepts === "endpoint") return <EndpointSelect {...props} />;
  return <DatasetVersionSelect {...props} />;
}

function CheckpointSelect(props: InputSelectProps) {
  const found = useChoice(CHECKPOINTS, {
    chosen: props.value,
    query: { kind: props.input.kinds as Schemas["Checkpoint"]["kind"][] },
    label: ({ name, kind }) => `${name} · ${CHECKPOINT_KIND[kind]}`,
  });
  return (
    <Choice
      {...props}
      {...found}
      nothing={props.input.kinds.includes("base") ? <NoModel /> : <NoRewardModel />}
    />
  );
}

function NoRewardModel() {
  return (
    <>
      There is none yet.{" "}
      <TextLink to="/runs/new" search={{ kind: "reward_model" }}>
        Train a reward model first
      </TextLink>
      .
    </>
  );
}

/** On the first start of a demo its model is on the way. */
function NoModel() {
  const tinyBase = useTinyBase();
  if (tinyBase?.state === "building")
    return "The built-in model, tiny-base, is being built: about a minute. It will appear here by itself.";
  return (
    <>
      {tinyBase?.state === "failed" ? tinyBase.problem : "There is none yet"}.{" "}
      <TextLink to="/checkpoints">Register a model</TextLink>.
    </>
  );
}

function EndpointSelect(props: InputSelectProps) {
  const found = useChoice(ENDPOINTS, { chosen: props.value });
  return (
    <Choice
      {...props}
      {...found}
      nothing={
        <>
          There is none yet. <TextLink to="/checkpoints/endpoints">Register an endpoint</TextLink>.
        </>
      }
    />
  );
}

function DatasetVersionSelect(props: InputSelectProps) {
  const kinds = props.input.kinds as Schemas["Dataset"]["kind"][];
  const found = useChoice(VERSIONS, {
    chosen: props.value,
    query: { state: "ready", kind: kinds },
    label: ({ dataset, number, rows_total }) =>
      `${dataset.name} v${number} · ${pluralize(rows_total ?? 0, "row")}`,
  });
  const names = kinds.map((kind) => DATASET_KIND[kind].toLowerCase());
  return (
    <Choice
      {...props}
      {...found}
      nothing={
        <>
          There is none yet. <TextLink to="/datasets">Freeze a dataset of {names.join(" or ")}</TextLink>.
        </>
      }
    />
  );
}

type ChoiceProps = InputSelectProps & { select: SelectProps; isEmpty: boolean; nothing: ReactNode };

function Choice({ input, value, error, onChange, select, isEmpty, nothing }: ChoiceProps) {
  return (
    <Select
      label={input.label}
      name={input.role}
      description={isEmpty ? nothing : input.help || undefined}
      placeholder={isEmpty ? "None" : input.required ? "Choose one" : "None"}
      withAsterisk={input.required}
      clearable={!input.required}
      searchable
      {...select}
      disabled={isEmpty}
      inputWrapperOrder={["label", "input", "description", "error"]}
      value={value}
      error={error}
      onChange={onChange}
    />
  );
}
