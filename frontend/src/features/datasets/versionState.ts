import type { Schemas } from "@/api/client";
import type { Tone } from "@/ui/StatusBadge";

type State = Schemas["DatasetVersion"]["state"];

export const VERSION_STATE: Record<State, { label: string; tone: Tone }> = {
  queued: { label: "Queued", tone: "quiet" },
  writing: { label: "Writing", tone: "live" },
  ready: { label: "Ready", tone: "good" },
  failed: { label: "Failed", tone: "bad" },
};
