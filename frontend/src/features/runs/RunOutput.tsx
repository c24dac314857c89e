import { Text } from "@mantine/core";
import type { Run } from "@/features/runs/runQueries";
import { pluralize } from "@/ui/format";
import { TextLink } from "@/ui/links";

/** What a run has made: a checkpoint, or responses and the project they went to. */
export function RunOutput({ run }: { run: Run }) {
  if (run.checkpoint)
    return (
      <TextLink to="/checkpoints/$checkpointId" params={{ checkpointId: String(run.checkpoint.id) }}>
        {run.checkpoint.name}
      </TextLink>
    );
  if (!run.sample_batch)
    return (
      <Text inherit c="dimmed">
        –
      </Text>
    );
  return (
    <span>
      {pluralize(run.sample_batch.response_count, "response")}
      {run.target_project && (
        <>
          {" for "}
          <TextLink to="/projects/$projectId" params={{ projectId: String(run.target_project.id) }}>
            {run.target_project.name}
          </TextLink>
        </>
      )}
    </span>
  );
}
