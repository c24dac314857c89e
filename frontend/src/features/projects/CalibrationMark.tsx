import { Button, Checkbox, Group, Modal, NumberInput, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { $api, invalidate, type Schemas } from "@/api/client";
import { errorMessage, fieldErrors } from "@/api/errors";
import { MAX_OVERLAP } from "@/features/projects/words";
import { FieldErrors } from "@/ui/FieldErrors";
import { pluralize } from "@/ui/format";

type Project = Schemas["Project"];
type Task = Schemas["PaginatedTaskList"]["results"][number];

type CalibrationBarProps = {
  project: Project;
  /** The tasks of the page. */
  tasks: readonly Task[];
  chosen: ReadonlySet<number>;
  onChoose: (chosen: ReadonlySet<number>) => void;
  isPoolOnly: boolean;
  onPoolOnly: (isPoolOnly: boolean) => void;
};

/** Chooses tasks of the page, and marks them: labelers' own agreement with the researchers is over these. */
export function CalibrationBar(props: CalibrationBarProps) {
  const { project, tasks, chosen, onChoose, isPoolOnly, onPoolOnly } = props;
  const here = tasks.filter((task) => chosen.has(task.id));
  const isAll = tasks.length > 0 && here.length === tasks.length;
  const chooseAll = () => onChoose(new Set(isAll ? [] : tasks.map((task) => task.id)));
  return (
    <Group justify="space-between" mb="sm">
      <Group>
        <Checkbox
          label="All on this page"
          checked={isAll}
          indeterminate={here.length > 0 && !isAll}
          disabled={!tasks.length}
          onChange={chooseAll}
        />
        <Mark project={project} tasks={here} onDone={() => onChoose(new Set())} />
      </Group>
      <Checkbox
        label="Calibration pool only"
        checked={isPoolOnly}
        onChange={(event) => onPoolOnly(event.currentTarget.checked)}
      />
    </Group>
  );
}

type MarkProps = { project: Project; tasks: readonly Task[]; onDone: () => void };

function Mark({ project, tasks, onDone }: MarkProps) {
  const [isOpen, dialog] = useDisclosure(false);
  const mark = useMark(() => {
    dialog.close();
    onDone();
  });
  if (!tasks.length) return null;
  const send = (isCalibration: boolean, overlap?: number) =>
    mark.mutate({
      params: { path: { project_id: project.id } },
      body: {
        task_ids: tasks.map((task) => task.id),
        is_calibration: isCalibration,
        ...(overlap && { overlap }),
      },
    });
  const isMarked = tasks.every((task) => task.is_calibration);
  const errors = fieldErrors(mark.error, ["overlap"]);
  const open = () => {
    mark.reset();
    dialog.open();
  };
  return (
    <>
      {mark.error && !isOpen && <FieldErrors message={errorMessage(mark.error)} />}
      {isMarked ? (
        <Button size="compact-sm" variant="default" loading={mark.isPending} onClick={() => send(false)}>
          Take {pluralize(tasks.length, "task")} out of the pool
        </Button>
      ) : (
        <Button size="compact-sm" variant="default" onClick={open}>
          Use {pluralize(tasks.length, "task")} for calibration
        </Button>
      )}
      <Modal
        opened={isOpen}
        onClose={dialog.close}
        title={`Use ${pluralize(tasks.length, "task")} for calibration?`}
      >
        <Overlap
          project={project}
          isBusy={mark.isPending}
          error={errors.overlap}
          message={errors[""]}
          onSend={(overlap) => send(true, overlap)}
        />
      </Modal>
    </>
  );
}

function useMark(onSuccess: () => void) {
  return $api.useMutation("post", "/api/v1/projects/{project_id}/calibration", {
    onSuccess: async () => {
      await invalidate("/api/v1/projects/{project_id}/tasks", "/api/v1/projects/{project_id}");
      onSuccess();
    },
  });
}

type OverlapProps = {
  project: Project;
  isBusy: boolean;
  error: string | undefined;
  message: string | undefined;
  onSend: (overlap: number) => void;
};

function Overlap({ project, isBusy, error, message, onSend }: OverlapProps) {
  const everybody = Math.max(project.overlap, project.member_count, 1);
  const [people, setPeople] = useState<number | string>(Math.min(everybody, MAX_OVERLAP));
  return (
    <Stack>
      <FieldErrors message={message} />
      <Text size="sm">
        Researchers who are members of the project rank these tasks like everybody else. What they said is
        what a labeler’s own agreement is measured against, if the settings show it; labelers never see which
        tasks these are.
      </Text>
      <NumberInput
        label="People per task"
        description="Each labeler, and a researcher: so many rank each of these tasks. It only grows."
        min={1}
        max={MAX_OVERLAP}
        value={people}
        onChange={setPeople}
        error={error}
      />
      <Group justify="flex-end">
        <Button loading={isBusy} disabled={people === ""} onClick={() => onSend(Number(people))}>
          Use for calibration
        </Button>
      </Group>
    </Stack>
  );
}
