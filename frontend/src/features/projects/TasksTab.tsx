import { Checkbox, Group, Text } from "@mantine/core";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { $api, api, invalidate, type Schemas } from "@/api/client";
import { ERASED_PROMPT, USE_CASE } from "@/api/labels";
import { AddTasks } from "@/features/projects/AddTasks";
import { CalibrationBar } from "@/features/projects/CalibrationMark";
import classes from "@/features/projects/Projects.module.css";
import { isEvaluation } from "@/features/projects/words";
import { ConfirmButton } from "@/ui/ConfirmButton";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { TextLink } from "@/ui/links";
import { Section } from "@/ui/Page";
import { ProgressLine } from "@/ui/ProgressLine";
import { StatusBadge } from "@/ui/StatusBadge";

type Project = Schemas["Project"];
type Task = Schemas["PaginatedTaskList"]["results"][number];

async function withdraw(task: Task): Promise<void> {
  await api.POST("/api/v1/tasks/{task_id}/withdraw", { params: { path: { task_id: task.id } } });
  await invalidate("/api/v1/projects/{project_id}/tasks", "/api/v1/projects/{project_id}");
}

const COLUMNS: Column<Task>[] = [
  {
    key: "prompt",
    header: "Prompt",
    render: ({ prompt, is_calibration }) => (
      <Group gap="xs" wrap="nowrap">
        <TextLink
          to="/prompts/$promptId"
          params={{ promptId: String(prompt.id) }}
          className={classes.excerpt}
          c="var(--mantine-color-text)"
          dir="auto"
        >
          {prompt.text || ERASED_PROMPT}
        </TextLink>
        {is_calibration && <StatusBadge tone="good">calibration</StatusBadge>}
      </Group>
    ),
  },
  { key: "use_case", header: "Use case", render: ({ prompt }) => USE_CASE[prompt.use_case] },
  { key: "responses", header: "Responses", align: "right", render: (task) => task.response_count || "–" },
  {
    key: "progress",
    header: "Answers",
    width: "8rem",
    render: ({ id, assignment_counts: counts }) => (
      <ProgressLine
        label={`Answers of task ${id}`}
        done={counts.submitted}
        total={counts.open + counts.leased + counts.submitted}
      />
    ),
  },
  {
    key: "withdraw",
    header: "",
    align: "right",
    render: (task) =>
      task.withdrawn_at ? (
        <StatusBadge tone="quiet">withdrawn</StatusBadge>
      ) : (
        <ConfirmButton
          size="compact-sm"
          title="Withdraw this task?"
          question="Nobody is handed it any more. What was said of it stays."
          confirmLabel="Withdraw"
          onConfirm={() => withdraw(task)}
        >
          Withdraw
        </ConfirmButton>
      ),
  },
];

function chooseColumn(
  chosen: ReadonlySet<number>,
  onChoose: (chosen: ReadonlySet<number>) => void,
): Column<Task> {
  const toggle = (id: number) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    onChoose(next);
  };
  return {
    key: "choose",
    header: "",
    width: "2.5rem",
    render: ({ id }) => (
      <Checkbox aria-label={`Choose task ${id}`} checked={chosen.has(id)} onChange={() => toggle(id)} />
    ),
  };
}

export function TasksTab({ project }: { project: Project }) {
  const [page, setPage] = useState(1);
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [isPoolOnly, setPoolOnly] = useState(false);
  const query = { page, page_size: 25, ...(isPoolOnly && { is_calibration: true }) };
  const { data, isPending } = $api.useQuery(
    "get",
    "/api/v1/projects/{project_id}/tasks",
    { params: { path: { project_id: project.id }, query } },
    { placeholderData: keepPreviousData },
  );
  const isRanked = project.kind !== "demonstration";
  const showPool = (only: boolean) => {
    setPoolOnly(only);
    setPage(1);
  };
  return (
    <Section title="Tasks" actions={<AddTasks project={project} />}>
      {isRanked && (data?.count || isPoolOnly) ? (
        <CalibrationBar
          project={project}
          tasks={data?.results ?? []}
          chosen={chosen}
          onChoose={setChosen}
          isPoolOnly={isPoolOnly}
          onPoolOnly={showPool}
        />
      ) : null}
      <DataTable
        label="Tasks"
        columns={isRanked ? [chooseColumn(chosen, setChosen), ...COLUMNS] : COLUMNS}
        rows={data?.results}
        rowKey={(task) => task.id}
        isLoading={isPending}
        count={data?.count}
        page={page}
        pageSize={25}
        onPageChange={setPage}
        empty={
          isPoolOnly ? (
            <EmptyState title="No task is in the calibration pool">
              <Text>Choose tasks, best before you add the others: they are handed out in that order.</Text>
            </EmptyState>
          ) : (
            <EmptyState title="No task yet">
              <Text>
                {isEvaluation(project.kind)
                  ? "Choose prompts that every source has answered: best those of the test split."
                  : project.kind === "comparison"
                    ? "Choose prompts and the batch of responses to rank, or sample from a checkpoint into this project."
                    : "Choose the prompts that people shall answer."}
              </Text>
              <AddTasks project={project} />
            </EmptyState>
          )
        }
      />
    </Section>
  );
}
