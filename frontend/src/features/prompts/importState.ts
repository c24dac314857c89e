import type { Schemas } from "@/api/client";
import type { Tone } from "@/ui/StatusBadge";

type State = Schemas["PromptImport"]["state"];

export const IMPORT_STATE: Record<State, { label: string; tone: Tone }> = {
  previewed: { label: "Waits for you", tone: "warn" },
  imported: { label: "Imported", tone: "good" },
  refused: { label: "Nothing imported", tone: "bad" },
};
