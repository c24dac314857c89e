import { Box } from "@mantine/core";
import { spaced } from "@/api/labels";
import type { Run } from "@/features/runs/runQueries";
import { Facts } from "@/ui/Facts";
import { TextLink } from "@/ui/links";

export function RunInputs({ run }: { run: Run }) {
  return (
    <Box mb="xs">
      <Facts
        facts={run.inputs.map((input) => ({ label: spaced(input.role), value: <Source input={input} /> }))}
      />
    </Box>
  );
}

function Source({ input }: { input: Run["inputs"][number] }) {
  const { checkpoint, endpoint, dataset_version: version } = input;
  if (checkpoint)
    return (
      <TextLink to="/checkpoints/$checkpointId" params={{ checkpointId: String(checkpoint.id) }}>
        {checkpoint.name}
      </TextLink>
    );
  if (version)
    return (
      <TextLink to="/datasets/versions/$versionId" params={{ versionId: String(version.id) }}>
        {version.name}
      </TextLink>
    );
  return <>{endpoint?.name}</>;
}
