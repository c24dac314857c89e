import { Button, Group, List, Modal, NumberInput, Select, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDebouncedValue, useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { keepPreviousData } from "@tanstack/react-query";
import { BATCHES, IMPORTS, useChoice } from "@/api/choice";
import { $api, invalidate, type Schemas } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { options, SPLIT, USE_CASE } from "@/api/labels";
import { hasRole, useMe } from "@/api/session";
import { isEvaluation } from "@/features/projects/words";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatNumber, pluralize } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { Notice } from "@/ui/Notice";

type Project = Schemas["Project"];
type Body = Schemas["CreateTasksRequest"];
type Filter = NonNullable<Body["filter"]>;

const INITIAL = {
  use_case: null as Filter["use_case"] | null,
  split: null as Filter["split"] | null,
  prompt_import: null as string | null,
  search: "",
  limit: "" as number | string,
  batch_id: null as string | null,
};

/** The paper evaluates on prompts of customers that no model has learned from. */
const HELD_OUT = { split: "test" as const };

type Chosen = Pick<typeof INITIAL, "use_case" | "split" | "prompt_import" | "search">;

function filterOf({ use_case, split, prompt_import, search }: Chosen) {
  const words = search.trim();
  return {
    archived: false,
    ...(use_case && { use_case }),
    ...(split && { split }),
    ...(prompt_import && { prompt_import: Number(prompt_import) }),
    ...(words && { search: words }),
  };
}

function toBody(values: typeof INITIAL): Body {
  return {
    filter: filterOf(values),
    ...(values.limit !== "" && { limit: Number(values.limit) }),
    ...(values.batch_id && { batch_id: Number(values.batch_id) }),
  };
}

export function AddTasks({ project }: { project: Project }) {
  const [isOpen, dialog] = useDisclosure(false);
  return (
    <>
      <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={dialog.open}>
        Add tasks
      </Button>
      <Modal opened={isOpen} onClose={dialog.close} title="Add tasks" size="lg">
        <AddTasksForm project={project} onClose={dialog.close} />
      </Modal>
    </>
  );
}

function AddTasksForm({ project, onClose }: { project: Project; onClose: () => void }) {
  const isComparison = project.kind === "comparison";
  const evaluates = isEvaluation(project.kind);
  const form = useForm({ initialValues: { ...INITIAL, ...(evaluates && HELD_OUT) } });
  const add = $api.useMutation("post", "/api/v1/projects/{project_id}/tasks", {
    onSuccess: () =>
      invalidate("/api/v1/projects/{project_id}/tasks", "/api/v1/projects/{project_id}", "/api/v1/projects"),
  });
  const errors = fieldErrors(add.error, [
    "filter.use_case",
    "filter.split",
    "filter.prompt_import",
    "filter.search",
    "batch_id",
    "limit",
  ]);
  if (add.data) return <Created created={add.data} onClose={onClose} />;
  return (
    <form
      onSubmit={form.onSubmit((values) =>
        add.mutate({ params: { path: { project_id: project.id } }, body: toBody(values) }),
      )}
    >
      <Stack>
        <FieldErrors message={errors[""]} />
        {isComparison && (
          <BatchSelect project={project} {...form.getInputProps("batch_id")} error={errors.batch_id} />
        )}
        {evaluates && (
          <Text size="sm" c="dimmed">
            A prompt becomes a task where each of the {project.responses_per_task} sources has a response to
            it.
          </Text>
        )}
        <Group grow align="flex-start">
          <Select
            label="Use case"
            placeholder="All"
            clearable
            data={options(USE_CASE)}
            {...form.getInputProps("use_case")}
            error={errors["filter.use_case"]}
          />
          <Select
            label="Split"
            placeholder="All"
            clearable
            data={options(SPLIT)}
            {...form.getInputProps("split")}
            error={errors["filter.split"]}
          />
        </Group>
        {evaluates && form.values.split !== "test" && form.values.split !== "valid" && (
          <Notice tone="warn" title="This takes prompts of the train split too">
            A model may have learned them, and then it is not measured on what it has never seen. Choose test
            or validation unless that is what you want to know.
          </Notice>
        )}
        <ImportSelect {...form.getInputProps("prompt_import")} error={errors["filter.prompt_import"]} />
        <TextInput
          label="Words in the prompt"
          placeholder='"a phrase", -without'
          {...form.getInputProps("search")}
          error={errors["filter.search"]}
        />
        <NumberInput
          label="Tasks, at most"
          placeholder="All that match"
          description={<Matching values={form.values} />}
          inputWrapperOrder={["label", "input", "description", "error"]}
          min={1}
          {...form.getInputProps("limit")}
          error={errors.limit}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={add.isPending} disabled={isComparison && !form.values.batch_id}>
            Add tasks
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Said beforehand: one click may make a task of every prompt that there is. */
function Matching({ values }: { values: Chosen }) {
  const [search] = useDebouncedValue(values.search, 300);
  const { data } = $api.useQuery(
    "get",
    "/api/v1/prompts",
    { params: { query: { ...filterOf({ ...values, search }), page_size: 1 } } },
    { placeholderData: keepPreviousData },
  );
  if (!data) return "Looking for prompts…";
  return data.count === 1 ? "1 prompt matches." : `${formatNumber(data.count)} prompts match.`;
}

type ImportSelectProps = {
  value?: string | null;
  error?: string | undefined;
  onChange?: (value: string | null) => void;
};

/** Those of one file: what a person has just imported is often what they want labeled. */
function ImportSelect(props: ImportSelectProps) {
  const { select, isEmpty } = useChoice(IMPORTS, {
    chosen: props.value ?? null,
    query: { state: "imported" },
    label: (row) => `${IMPORTS.label(row)} · ${pluralize(row.imported_count, "prompt")}`,
  });
  if (isEmpty) return null;
  return <Select label="Import" placeholder="All" clearable {...select} {...props} />;
}

type BatchSelectProps = {
  project: Project;
  value?: string | null;
  error?: string | undefined;
  onChange?: (value: string | null) => void;
};

function BatchSelect({ project, ...props }: BatchSelectProps) {
  const { select, isEmpty } = useChoice(BATCHES, {
    chosen: props.value ?? null,
    label: ({ name, response_count }) => `${name} · ${pluralize(response_count, "response")}`,
  });
  const isAdmin = hasRole(useMe(), "admin");
  return (
    <Select
      label="Responses from"
      required
      {...select}
      description={
        isEmpty && !isAdmin ? (
          "There are no responses yet: an admin samples them from a checkpoint."
        ) : isEmpty ? (
          <>
            There are no responses yet. <TextLink to="/checkpoints">Sample from a checkpoint</TextLink> first.
          </>
        ) : (
          `The first ${project.responses_per_task} of each prompt are ranked; a prompt with fewer is left out.`
        )
      }
      {...props}
    />
  );
}

const SKIPPED_SHOWN = 8;

function Created({ created, onClose }: { created: Schemas["CreatedTasks"]; onClose: () => void }) {
  return (
    <Stack>
      <Notice tone="good" title={`${pluralize(created.created, "task")} added`}>
        {created.skipped_count > 0 && `${pluralize(created.skipped_count, "prompt")} left out.`}
      </Notice>
      {created.train_count > 0 && (
        <Notice
          tone="warn"
          title={`${pluralize(created.train_count, "task")} of ${created.created} of the train split`}
        >
          A model may have learned these prompts. The results are also shown by split.
        </Notice>
      )}
      {created.skipped.length > 0 && (
        <List size="sm">
          {created.skipped.slice(0, SKIPPED_SHOWN).map(({ prompt_id, reason }) => (
            <List.Item key={prompt_id}>
              <TextLink to="/prompts/$promptId" params={{ promptId: String(prompt_id) }}>
                Prompt {prompt_id}
              </TextLink>
              : {reason}
            </List.Item>
          ))}
        </List>
      )}
      {created.skipped_count > SKIPPED_SHOWN && (
        <Text size="sm" c="dimmed">
          And {created.skipped_count - SKIPPED_SHOWN} more.
        </Text>
      )}
      <Group justify="flex-end">
        <Button onClick={onClose}>Done</Button>
      </Group>
    </Stack>
  );
}
