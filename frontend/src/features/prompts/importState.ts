import type { Schemas } from "@/api/client";
import type { Tone } from "@/ui/StatusBadge";

type State = Schemas["PromptImport"]["state"];

export const IMPORT_STATE: Record<State, { label: string; tone: Tone }> = {
  checking: { label: "Being read", tone: "live" },
  previewed: { label: "Waits for you", tone: "warn" },
  importing: { label: "Being imported", tone: "live" },
  imported: { label: "Imported", tone: "good" },
  refused: { label: "Nothing imported", tone: "bad" },
  undoing: { label: "Being undone", tone: "live" },
  undone: { label: "Undone", tone: "quiet" },
};

export function importState(row: { state: State; error?: string }): { label: string; tone: Tone } {
  return row.error ? { label: "Stopped", tone: "bad" } : IMPORT_STATE[row.state];
}
