import type { Schemas } from "@/api/client";
import type { operations } from "@/api/schema";

export type Filters = Omit<
  NonNullable<operations["prompts_list"]["parameters"]["query"]>,
  "page" | "page_size"
>;
type Counted = { count: number; upToId: number };

/** Which prompts are chosen: some by hand, or all that the filters found when they were counted. */
export type Selection = { ids: ReadonlySet<number>; all: Counted | null };

export const NOTHING: Selection = { ids: new Set(), all: null };

export function sizeOf({ ids, all }: Selection): number {
  return all?.count ?? ids.size;
}

export function toggled(selection: Selection, id: number): Selection {
  const ids = new Set(selection.ids);
  if (!ids.delete(id)) ids.add(id);
  return { ids, all: null };
}

/** The chosen ones as the API names them. What came after they were counted is not meant. */
export function targetOf(
  { ids, all }: Selection,
  filters: Filters,
): { prompt_ids: number[] } | { filter: Schemas["PromptFilterRequest"] } {
  if (!all) return { prompt_ids: [...ids] };
  const { ordering: _, ...filter } = filters;
  return { filter: { ...filter, archived: filter.archived ?? false, up_to_id: all.upToId } };
}
