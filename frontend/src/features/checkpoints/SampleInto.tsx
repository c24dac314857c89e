import { Button, Group, Modal, MultiSelect, NumberInput, Radio, Select, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconRefresh } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { PROJECTS, useChoice } from "@/api/choice";
import { $api, invalidate, type Schemas } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { options, USE_CASE } from "@/api/labels";
import { FieldErrors } from "@/ui/FieldErrors";
import { TextLink } from "@/ui/links";

type Body = Schemas["SampleIntoRequest"];
type UseCases = NonNullable<Body["use_cases"]>;

/** Closes the loop: this model's responses go into a project's queue, to be ranked by people. */
export function SampleInto({ checkpoint }: { checkpoint: Schemas["Checkpoint"] }) {
  const [isOpen, dialog] = useDisclosure(false);
  return (
    <>
      <Button leftSection={<IconRefresh size={16} aria-hidden />} onClick={dialog.open}>
        Sample from this
      </Button>
      <Modal opened={isOpen} onClose={dialog.close} title={`Sample from ${checkpoint.name}`} size="lg">
        <SampleForm checkpoint={checkpoint} />
      </Modal>
    </>
  );
}

function SampleForm({ checkpoint }: { checkpoint: Schemas["Checkpoint"] }) {
  const navigate = useNavigate();
  const [projectId, setProjectId] = useState<string | null>(null);
  const projects = useChoice(PROJECTS, {
    chosen: projectId,
    query: { kind: ["comparison"], state: ["active", "paused"] },
  });
  const [source, setSource] = useState("project");
  const [useCases, setUseCases] = useState<UseCases>([]);
  const [limit, setLimit] = useState<number | string>("");
  const [longest, setLongest] = useState<number | string>(256);
  const project = projects.rows.find(({ id }) => String(id) === projectId);
  const sample = $api.useMutation("post", "/api/v1/checkpoints/{checkpoint_id}/sample-into", {
    onSuccess: async (run) => {
      await invalidate("/api/v1/runs");
      await navigate({ to: "/runs/$runId", params: { runId: String(run.id) } });
    },
  });
  const errors = fieldErrors(sample.error, [
    "project_id",
    "use_cases",
    "limit",
    "config.max_response_tokens",
  ]);
  if (projects.isEmpty)
    return (
      <Text>
        There is no comparison project yet. <TextLink to="/projects/new">Create one</TextLink> first.
      </Text>
    );
  const submit = () => {
    const body: Body = {
      project_id: Number(projectId),
      config: { max_response_tokens: Number(longest) },
      ...(limit !== "" && { limit: Number(limit) }),
      ...(source === "use_cases" && { use_cases: useCases }),
    };
    sample.mutate({ params: { path: { checkpoint_id: checkpoint.id } }, body });
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Stack>
        <FieldErrors message={errors[""]} />
        <Select
          label="Project"
          placeholder="Whose labelers shall rank them"
          required
          {...projects.select}
          value={projectId}
          error={errors.project_id}
          onChange={setProjectId}
        />
        <Radio.Group label="For which prompts" value={source} onChange={setSource}>
          <Stack gap="xs" mt={6}>
            <Radio value="project" label="Those that the project has" />
            <Radio value="use_cases" label="All prompts of some use cases" />
          </Stack>
        </Radio.Group>
        {source === "use_cases" && (
          <MultiSelect
            label="Use cases"
            placeholder={useCases.length ? "" : "Choose some"}
            data={options(USE_CASE)}
            value={useCases}
            error={errors.use_cases}
            onChange={(values) => setUseCases(values as UseCases)}
          />
        )}
        <Group grow align="flex-start">
          <NumberInput
            label="Prompts, at most"
            placeholder="All"
            min={1}
            value={limit}
            error={errors.limit}
            onChange={setLimit}
          />
          <NumberInput
            label="Longest response"
            suffix=" tokens"
            min={1}
            max={32768}
            required
            value={longest}
            error={errors["config.max_response_tokens"]}
            onChange={setLongest}
          />
        </Group>
        {project && (
          <Text size="sm" c="dimmed">
            {project.responses_per_task} responses per prompt, as this project ranks. They enter its queue
            when the run has ended.
          </Text>
        )}
        <Group justify="flex-end">
          <Button type="submit" loading={sample.isPending} disabled={!projectId}>
            Sample
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
