/** How many answers wait to be read, and the events that change it while a task is on the screen. */
import { useCallback, useState } from "react";
import { $api, api, refetch } from "@/api/client";
import { isErasure } from "@/api/errors";
import { type ServerEvent, useEvents } from "@/api/events";
import type { Assignment } from "@/features/labeling/task/types";

const REPORTS = [["get", "/api/v1/reports"]];
const THREADS = [
  ["get", "/api/v1/threads"],
  ["get", "/api/v1/tasks/{task_id}/thread"],
  ["get", "/api/v1/projects/{project_id}/thread"],
];

export type UnreadCounts = { task: number; project: number; elsewhere: number; total: number };

/** The same for every task of the day: asked for once, and again when an event says so. */
export function useUnread(assignment: Assignment): UnreadCounts {
  const { data } = $api.useQuery("get", "/api/v1/threads", {}, { staleTime: 300_000 });
  const counts: UnreadCounts = { task: 0, project: 0, elsewhere: 0, total: data?.unread ?? 0 };
  for (const { task_id, project_id, unread } of data?.threads ?? []) {
    if (task_id === assignment.task_id) counts.task += unread;
    else if (task_id === null && project_id === assignment.project.id) counts.project += unread;
    else counts.elsewhere += unread;
  }
  return counts;
}

type TaskNews = { isWithdrawn: boolean; isErased: boolean; hasNewerInstructions: boolean };

/** What happens to the task and its project meanwhile. Answers of others, which are most events, change nothing here. */
export function useTaskNews(assignment: Assignment): TaskNews {
  const [withdrawnId, setWithdrawnId] = useState<number | null>(null);
  const [erasedId, setErasedId] = useState<number | null>(null);
  const [newerId, setNewerId] = useState(0);
  const { id, task_id, project } = assignment;
  const onEvent = useCallback(
    (event: ServerEvent) => {
      const { type } = event;
      if (type === "instructions") setNewerId(event.id ?? 0);
      if (type !== "tasks_withdrawn" && type !== "tasks_erased") return;
      if ((event.task_ids as number[]).includes(task_id))
        (type === "tasks_erased" ? setErasedId : setWithdrawnId)(task_id);
      // It may be the one that comes next.
      void refetch(["upcoming", project.id]);
    },
    [task_id, project.id],
  );
  // What happened while there was no connection is told by the assignment itself; a server that cannot say is asked later.
  const onGap = useCallback(() => {
    const path = { assignment_id: id };
    void api.GET("/api/v1/assignments/{assignment_id}", { params: { path } }).then(
      ({ data }) => {
        if (data?.state === "withdrawn") setWithdrawnId(data.task_id);
        setNewerId(data?.instruction_version.id ?? 0);
      },
      (error) => {
        if (isErasure(error)) setErasedId(task_id);
      },
    );
  }, [id, task_id]);
  const topics = [`labeling:${project.id}`];
  useEvents(topics, THREADS, { type: "message" });
  useEvents(topics, REPORTS, { type: "decided" });
  useEvents(topics, [], { onEvent, onGap });
  return {
    isWithdrawn: withdrawnId === task_id,
    isErased: erasedId === task_id,
    hasNewerInstructions: newerId > assignment.instruction_version.id,
  };
}
