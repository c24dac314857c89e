/** The number of a row in an address. */
import { ApiError } from "@/api/errors";

/** An address without a number names nothing: the same "not found" as for a row that is not there, without asking. */
export function rowId(text: string): number {
  const id = Number(text);
  if (!Number.isSafeInteger(id) || id < 1) throw new ApiError(404, { code: "not_found" });
  return id;
}
