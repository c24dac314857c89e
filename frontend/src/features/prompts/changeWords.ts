import type { Schemas } from "@/api/client";
import { pluralize } from "@/ui/format";
import type { Tone } from "@/ui/StatusBadge";

export type Change = Schemas["PromptChange"];

export const CHANGE_STATE: Record<NonNullable<Change["state"]>, { label: string; tone: Tone }> = {
  waiting: { label: "Being done", tone: "warn" },
  done: { label: "Done", tone: "good" },
  refused: { label: "Refused", tone: "bad" },
  undoing: { label: "Being undone", tone: "warn" },
  undone: { label: "Undone", tone: "quiet" },
};

/** "Tagged good, new". */
export function changeLabel({ action, tags }: Pick<Change, "action" | "tags">): string {
  const named = tags.join(", ");
  return {
    archive: "Archived",
    restore: "Brought back",
    add_tags: `Tagged ${named}`,
    remove_tags: `No longer tagged ${named}`,
  }[action];
}

/** What a change did in the end, in one line. */
export function changeOutcome(change: Change): string {
  const changed = pluralize(change.changed_count ?? 0, "prompt");
  if (change.state === "refused") return change.error ?? "";
  if (change.state === "waiting") return "A worker does it, all at once or not at all.";
  if (change.state === "undone" && change.undone_count !== change.changed_count)
    return `${changed}; ${pluralize(change.undone_count ?? 0, "was", "were")} put back, the others had been changed since`;
  if (change.error) return `${changed}; undoing stopped: ${change.error}`;
  return changed;
}
