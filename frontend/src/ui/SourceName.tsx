import { TextLink } from "@/ui/links";

interface Source {
  readonly id: number;
  readonly name: string;
}

/** What wrote a response: a checkpoint leads to its page; what no model of the workspace wrote came in a file. */
export function SourceName({ checkpoint, endpoint }: { checkpoint: Source | null; endpoint: Source | null }) {
  if (!checkpoint) return endpoint?.name ?? "a file";
  return (
    <TextLink to="/checkpoints/$checkpointId" params={{ checkpointId: String(checkpoint.id) }}>
      {checkpoint.name}
    </TextLink>
  );
}
