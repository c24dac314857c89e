import { Button, Group } from "@mantine/core";
import { $api, invalidate } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { useEvents } from "@/api/events";
import { CHANGE_STATE, type Change, changeLabel, changeOutcome } from "@/features/prompts/changeWords";
import { Notice } from "@/ui/Notice";
import { toast } from "@/ui/toasts";

const CHANGED = [
  "/api/v1/prompts",
  "/api/v1/prompts/facets",
  "/api/v1/prompts/{prompt_id}",
  "/api/v1/prompts/changes",
  "/api/v1/prompts/changes/{change_id}",
] as const;

export function refetchPrompts(): Promise<unknown> {
  return invalidate(...CHANGED);
}

/** Follows what a worker does to many prompts at once. */
export function useChangeEvents(): void {
  useEvents(
    ["imports"],
    CHANGED.map((path) => ["get", path]),
    { type: "change" },
  );
}

/** Takes a change back, where it still stands. */
export function UndoButton({ change }: { change: Change }) {
  const undo = $api.useMutation("post", "/api/v1/prompts/changes/{change_id}/undo", {
    onSuccess: refetchPrompts,
    onError: (error) => toast({ message: errorMessage(error), isBad: true }),
  });
  if (change.state !== "done" || !change.changed_count) return null;
  return (
    <Button
      size="compact-sm"
      variant="default"
      aria-label={`Undo: ${changeLabel(change)}`}
      loading={undo.isPending}
      onClick={() => undo.mutate({ params: { path: { change_id: change.id } } })}
    >
      Undo
    </Button>
  );
}

/** What became of the change that was just asked for; a large one is followed until it is done. */
export function ChangeNotice({ changeId }: { changeId: number }) {
  const { data: change } = $api.useQuery("get", "/api/v1/prompts/changes/{change_id}", {
    params: { path: { change_id: changeId } },
  });
  useChangeEvents();
  if (!change) return null;
  const state = change.state ?? "waiting";
  const tone = CHANGE_STATE[state].tone;
  return (
    <Notice
      tone={tone === "quiet" ? "good" : tone === "bad" || tone === "warn" ? tone : "good"}
      title={`${changeLabel(change)}${state === "done" ? "" : ` (${CHANGE_STATE[state].label.toLowerCase()})`}`}
    >
      <Group gap="xs">
        {changeOutcome(change)}
        <UndoButton change={change} />
      </Group>
    </Notice>
  );
}
