import { api, invalidate, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { toast } from "@/ui/toasts";

/** Takes what one wrote out of use, or brings it back. Where it cannot be, says why and returns nothing. */
export async function archiveWritten(
  writtenId: number,
  archived: boolean,
): Promise<Schemas["WrittenPrompt"] | undefined> {
  try {
    const params = { path: { written_id: writtenId } };
    const { data } = await api.PATCH("/api/v1/written-prompts/{written_id}", { params, body: { archived } });
    void invalidate("/api/v1/writing", "/api/v1/written-prompts");
    return data;
  } catch (error) {
    toast({ message: errorMessage(error), isBad: true });
    return undefined;
  }
}
