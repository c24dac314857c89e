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

/** What a person called it, or else its file. */
export function importName(row: { title?: string; file_name: string }): string {
  return row.title || row.file_name;
}

type Row = Pick<Schemas["PromptImportRow"], "state" | "error" | "good_count" | "response_count" | "follows">;

/** A preview that could be confirmed to no effect: the server would refuse it. */
export function hasNothingNew(row: Row): boolean {
  return !row.good_count && !row.response_count && !row.follows;
}

export function importState(row: Row): { label: string; tone: Tone } {
  if (row.error) return { label: "Stopped", tone: "bad" };
  if (row.state === "previewed" && hasNothingNew(row)) return { label: "Nothing new", tone: "quiet" };
  return IMPORT_STATE[row.state];
}
