import { MultiSelect, NumberInput, Select, Stack, TextInput } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { CHECKPOINTS, COHORTS, PEOPLE, PROJECTS } from "@/api/choice";
import { $api, type Schemas } from "@/api/client";
import { options, PROMPT_KIND, SPLIT, USE_CASE } from "@/api/labels";
import { AnswerRules } from "@/features/datasets/AnswerRules";
import classes from "@/features/datasets/Datasets.module.css";
import { FoundSelect, IdSelect } from "@/features/datasets/IdSelect";
import {
  type Dataset,
  FIELD_LABEL,
  type FilterErrors,
  type PreviewFigures,
  type Query,
  SEVERAL,
  TIES,
} from "@/features/datasets/query";
import { SaveCohort } from "@/features/datasets/SaveCohort";
import { Fold } from "@/ui/Fold";
import { languageName } from "@/ui/languages";

type FiltersProps = {
  dataset: Dataset;
  query: Query;
  seen: PreviewFigures | undefined;
  errors: FilterErrors;
  onChange: (change: Partial<Query>) => void;
};
type PartProps = Pick<FiltersProps, "query" | "onChange">;
type Option = { value: string; label: string };

/** The projects whose answers a dataset of this kind takes. */
const ANSWERED_IN: Record<Dataset["kind"], { kind?: Schemas["Project"]["kind"][] }> = {
  demonstrations: { kind: ["demonstration"] },
  comparisons: { kind: ["comparison"] },
  prompts: {},
};

export function Filters({ dataset, query, seen, errors, onChange }: FiltersProps) {
  return (
    <Stack>
      <FoundSelect
        source={PROJECTS}
        query={ANSWERED_IN[dataset.kind]}
        label={dataset.kind === "prompts" ? "Prompts of these projects" : FIELD_LABEL.project_ids}
        value={query.project_ids}
        onChange={(project_ids) => onChange({ project_ids })}
      />
      <div className={classes.two}>
        <MultiSelect
          label={FIELD_LABEL.use_cases}
          placeholder={query.use_cases?.length ? "" : "All"}
          data={options(USE_CASE)}
          value={query.use_cases ?? []}
          onChange={(use_cases) => onChange({ use_cases: use_cases as NonNullable<Query["use_cases"]> })}
        />
        <MultiSelect
          label={FIELD_LABEL.splits}
          placeholder={query.splits?.length ? "" : "All"}
          data={options(SPLIT)}
          value={query.splits ?? []}
          onChange={(splits) => onChange({ splits: splits as NonNullable<Query["splits"]> })}
        />
      </div>
      {dataset.kind === "prompts" ? (
        <PromptFilters query={query} onChange={onChange} />
      ) : (
        <LabelFilters dataset={dataset} query={query} seen={seen} errors={errors} onChange={onChange} />
      )}
    </Stack>
  );
}

function PromptFilters({ query, onChange }: PartProps) {
  const { data: facets } = $api.useQuery("get", "/api/v1/prompts/facets");
  return (
    <>
      <MultiSelect
        label={FIELD_LABEL.kinds}
        placeholder={query.kinds?.length ? "" : "All"}
        data={options(PROMPT_KIND)}
        value={query.kinds ?? []}
        onChange={(kinds) => onChange({ kinds: kinds as NonNullable<Query["kinds"]> })}
      />
      <MultiSelect
        label={FIELD_LABEL.languages}
        placeholder={query.languages?.length ? "" : "All"}
        data={
          facets?.language
            .filter(({ value }) => value)
            .map(({ value }) => ({ value, label: languageName(value) })) ?? []
        }
        value={query.languages ?? []}
        onChange={(languages) => onChange({ languages })}
      />
    </>
  );
}

function LabelFilters({ dataset, query, seen, errors, onChange }: FiltersProps) {
  return (
    <>
      {dataset.kind !== "prompts" && (
        <Select
          label={FIELD_LABEL.several}
          data={SEVERAL[dataset.kind]}
          allowDeselect={false}
          value={query.several ?? "all"}
          onChange={(several) => onChange({ several: several as Query["several"] })}
        />
      )}
      {dataset.kind === "comparisons" && (
        <div className={classes.two}>
          <Select
            label={FIELD_LABEL.ties}
            data={TIES}
            allowDeselect={false}
            value={query.ties ?? "keep"}
            onChange={(ties) => onChange({ ties: ties as Query["ties"] })}
          />
          <NumberInput
            label={FIELD_LABEL.min_agreement_percent}
            error={errors.min_agreement_percent}
            description="Of a task’s pairs. A task with one labeler has none."
            min={0}
            max={100}
            allowDecimal={false}
            inputWrapperOrder={["label", "input", "description", "error"]}
            value={query.min_agreement_percent ?? ""}
            onChange={(value) => onChange({ min_agreement_percent: numberOrNothing(value) })}
          />
        </div>
      )}
      <Fold title="Labelers and time">
        <People query={query} onChange={onChange} />
        <Times query={query} errors={errors} onChange={onChange} />
      </Fold>
      <Fold title={dataset.kind === "comparisons" ? "Instructions, models and answers" : "Instructions"}>
        <Instructions query={query} seen={seen} onChange={onChange} />
        {dataset.kind === "comparisons" && (
          <>
            <Checkpoints query={query} onChange={onChange} />
            <AnswerRules rules={query.answers ?? []} onChange={(answers) => onChange({ answers })} />
          </>
        )}
      </Fold>
    </>
  );
}

function numberOrNothing(value: number | string): number | undefined {
  return value === "" ? undefined : Number(value);
}

function People({ query, onChange }: PartProps) {
  return (
    <>
      <FoundSelect
        source={PEOPLE}
        label={FIELD_LABEL.labeler_ids}
        value={query.labeler_ids}
        onChange={(labeler_ids) => onChange({ labeler_ids })}
      />
      <SaveCohort memberIds={query.labeler_ids ?? []} />
      <div className={classes.two}>
        <FoundSelect
          source={COHORTS}
          label={FIELD_LABEL.cohort_ids}
          value={query.cohort_ids}
          onChange={(cohort_ids) => onChange({ cohort_ids })}
        />
        <FoundSelect
          source={PEOPLE}
          label={FIELD_LABEL.without_labeler_ids}
          none="Nobody"
          value={query.without_labeler_ids}
          onChange={(without_labeler_ids) => onChange({ without_labeler_ids })}
        />
      </div>
    </>
  );
}

/** A day as the person's clock has it, as the moment it begins. */
function dayStart(day: string): string | undefined {
  return day ? new Date(`${day}T00:00`).toISOString() : undefined;
}

function Times({ query, errors, onChange }: PartProps & Pick<FiltersProps, "errors">) {
  const [days, setDays] = useState({ from: "", to: "" });
  return (
    <div className={classes.two}>
      <TextInput
        label={FIELD_LABEL.submitted_from}
        error={errors.submitted_from}
        type="date"
        value={days.from}
        onChange={({ currentTarget: { value } }) => {
          setDays({ ...days, from: value });
          onChange({ submitted_from: dayStart(value) });
        }}
      />
      <TextInput
        label={FIELD_LABEL.submitted_to}
        error={errors.submitted_to}
        type="date"
        value={days.to}
        onChange={({ currentTarget: { value } }) => {
          setDays({ ...days, to: value });
          onChange({ submitted_to: dayStart(value) });
        }}
      />
      <NumberInput
        label={FIELD_LABEL.min_active_seconds}
        error={errors.min_active_seconds}
        min={0}
        value={query.min_active_seconds ?? ""}
        onChange={(value) => onChange({ min_active_seconds: numberOrNothing(value) })}
      />
      <NumberInput
        label={FIELD_LABEL.max_active_seconds}
        error={errors.max_active_seconds}
        min={0}
        value={query.max_active_seconds ?? ""}
        onChange={(value) => onChange({ max_active_seconds: numberOrNothing(value) })}
      />
    </div>
  );
}

/** Every version of the chosen projects' instructions, also of what nobody has answered yet or a filter hides. */
function useInstructionsOf(projectIds: readonly number[]): Option[] {
  const projects = PROJECTS.useRows([...projectIds]);
  const found = useQueries({
    queries: projectIds.map((id) =>
      $api.queryOptions("get", "/api/v1/projects/{project_id}/instructions", {
        params: { path: { project_id: id }, query: { page_size: 200 } },
      }),
    ),
  });
  return found.flatMap(({ data }, place) => {
    const project = projects.find(({ id }) => id === projectIds[place]);
    const name = project?.name ?? `Project ${projectIds[place]}`;
    return data?.results.map(({ id, number }) => ({ value: String(id), label: `${name} v${number}` })) ?? [];
  });
}

/** Those of the chosen projects, and those that the answers found so far have followed: once seen, they stay. */
function Instructions({ query, seen, onChange }: PartProps & { seen: PreviewFigures | undefined }) {
  const [known, setKnown] = useState<ReadonlyMap<string, string>>(new Map());
  const fresh = seen?.instruction_versions.filter(({ id }) => !known.has(String(id))) ?? [];
  if (fresh.length) {
    setKnown(
      new Map([
        ...known,
        ...fresh.map(({ id, project, number }) => [String(id), `${project} v${number}`] as const),
      ]),
    );
  }
  const ofProjects = useInstructionsOf(query.project_ids ?? []);
  const all = new Map([...known, ...ofProjects.map(({ value, label }) => [value, label] as const)]);
  const data = [...all].map(([value, label]) => ({ value, label }));
  return (
    <div className={classes.two}>
      <IdSelect
        label={FIELD_LABEL.instruction_version_ids}
        data={data}
        value={query.instruction_version_ids}
        onChange={(instruction_version_ids) => onChange({ instruction_version_ids })}
      />
      <IdSelect
        label={FIELD_LABEL.without_instruction_version_ids}
        none="None"
        data={data}
        value={query.without_instruction_version_ids}
        onChange={(without_instruction_version_ids) => onChange({ without_instruction_version_ids })}
      />
    </div>
  );
}

function Checkpoints({ query, onChange }: PartProps) {
  return (
    <FoundSelect
      source={CHECKPOINTS}
      label={FIELD_LABEL.checkpoint_ids}
      value={query.checkpoint_ids}
      onChange={(checkpoint_ids) => onChange({ checkpoint_ids })}
    />
  );
}
