import { Button, Group, List, Modal, Select, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { BATCHES, PROJECTS, useChoice } from "@/api/choice";
import { $api, invalidate, type Schemas } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import type { targetOf } from "@/features/prompts/selection";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatNumber, pluralize } from "@/ui/format";
import { LinkButton } from "@/ui/links";
import { Notice } from "@/ui/Notice";

type AddToProjectProps = { size: number; target: ReturnType<typeof targetOf> };

/** Makes a task of each chosen prompt in a project, and says how many were there already. */
export function AddToProject({ size, target }: AddToProjectProps) {
  const [isOpen, dialog] = useDisclosure(false);
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={dialog.open}>
        Add to a project
      </Button>
      <Modal
        opened={isOpen}
        onClose={dialog.close}
        title={`Add ${pluralize(size, "prompt")} to a project`}
        size="lg"
      >
        <AddForm size={size} target={target} onClose={dialog.close} />
      </Modal>
    </>
  );
}

function AddForm({ size, target, onClose }: AddToProjectProps & { onClose: () => void }) {
  const [projectId, setProjectId] = useState<string | null>(null);
  const [batchId, setBatchId] = useState<string | null>(null);
  const projects = useChoice(PROJECTS, { chosen: projectId, query: { state: ["active", "paused"] } });
  const batches = useChoice(BATCHES, {
    chosen: batchId,
    label: ({ name, response_count }) => `${name} · ${pluralize(response_count, "response")}`,
  });
  const add = $api.useMutation("post", "/api/v1/projects/{project_id}/tasks", {
    onSuccess: () =>
      invalidate("/api/v1/projects/{project_id}/tasks", "/api/v1/projects/{project_id}", "/api/v1/projects"),
  });
  const project = projects.rows.find(({ id }) => String(id) === projectId);
  const isComparison = project?.kind === "comparison";
  const errors = fieldErrors(add.error, ["batch_id"]);
  if (add.data && project) return <Added created={add.data} project={project} onClose={onClose} />;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const body = { ...target, ...(isComparison && { batch_id: Number(batchId) }) };
        add.mutate({ params: { path: { project_id: Number(projectId) } }, body });
      }}
    >
      <Stack>
        <FieldErrors message={errors[""]} />
        <Select
          label="Project"
          required
          data-autofocus
          {...projects.select}
          value={projectId}
          onChange={setProjectId}
        />
        {isComparison && (
          <Select
            label="Responses from"
            description={`The first ${project.responses_per_task} of each prompt are ranked; a prompt with fewer is left out.`}
            required
            {...batches.select}
            value={batchId}
            onChange={setBatchId}
            error={errors.batch_id}
          />
        )}
        {size > 5_000 && (
          <Text size="sm" c="dimmed">
            All of them, or none: this takes a moment.
          </Text>
        )}
        <Group justify="flex-end">
          <Button
            type="submit"
            loading={add.isPending}
            disabled={!project || (isComparison && !batchId)}
          >{`Add ${pluralize(size, "prompt")}`}</Button>
        </Group>
      </Stack>
    </form>
  );
}

type AddedProps = { created: Schemas["CreatedTasks"]; project: Schemas["Project"]; onClose: () => void };

function Added({ created, project, onClose }: AddedProps) {
  const others = created.skipped_count - created.already_count;
  const reasons = [...new Set(created.skipped.map(({ reason }) => reason))];
  return (
    <Stack>
      <Notice tone="good" title={`${pluralize(created.created, "task")} added to ${project.name}`}>
        {created.already_count > 0 &&
          `${pluralize(created.already_count, "prompt was", "prompts were")} there already. `}
        {others > 0 && `${pluralize(others, "prompt")} could not be added.`}
      </Notice>
      {created.train_count > 0 && (
        <Notice
          tone="warn"
          title={`${formatNumber(created.train_count)} of these tasks are of the train split`}
        >
          A model may have learned these prompts.
        </Notice>
      )}
      {others > 0 && (
        <List size="sm">
          {reasons.map((reason) => (
            <List.Item key={reason}>{reason}</List.Item>
          ))}
        </List>
      )}
      <Group justify="flex-end">
        <LinkButton
          to="/projects/$projectId"
          params={{ projectId: String(project.id) }}
          search={{ tab: "tasks" }}
          variant="default"
        >
          See the tasks
        </LinkButton>
        <Button onClick={onClose}>Done</Button>
      </Group>
    </Stack>
  );
}
