import { RUN_STATE } from "@/api/labels";
import type { Run } from "@/features/runs/runQueries";
import { StatusBadge, type Tone } from "@/ui/StatusBadge";

const TONE: Record<Run["state"], Tone> = {
  queued: "quiet",
  running: "live",
  succeeded: "good",
  failed: "bad",
  cancelled: "warn",
};

export function RunState({ run }: { run: Run }) {
  const isCancelling = run.state === "running" && run.cancel_requested_at;
  return (
    <StatusBadge tone={isCancelling ? "warn" : TONE[run.state]}>
      {isCancelling ? "Cancelling" : RUN_STATE[run.state]}
    </StatusBadge>
  );
}
