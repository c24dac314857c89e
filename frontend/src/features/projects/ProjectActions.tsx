import { api, invalidate, type Schemas } from "@/api/client";
import { isEvaluation } from "@/features/projects/words";
import { ActButton } from "@/ui/ActButton";
import { ConfirmButton } from "@/ui/ConfirmButton";

type Project = Schemas["Project"];

async function change(project: Project, state: Project["state"]): Promise<void> {
  await api.PATCH("/api/v1/projects/{project_id}", {
    params: { path: { project_id: project.id } },
    body: { state },
  });
  await invalidate("/api/v1/projects", "/api/v1/projects/{project_id}");
}

export function ProjectActions({ project }: { project: Project }) {
  if (project.state === "archived")
    return <ActButton onAct={() => change(project, "active")}>Bring back</ActButton>;
  return (
    <>
      <ActButton onAct={() => change(project, project.state === "paused" ? "active" : "paused")}>
        {project.state === "paused" ? "Go on" : "Pause"}
      </ActButton>
      <ConfirmButton
        title={`Archive “${project.name}”?`}
        question={
          isEvaluation(project.kind)
            ? "It hands out no more tasks and leaves the lists. What was said stays, with its results."
            : "It hands out no more tasks and leaves the lists. What was said stays and can still be frozen."
        }
        confirmLabel="Archive"
        onConfirm={() => change(project, "archived")}
      >
        Archive
      </ConfirmButton>
    </>
  );
}
