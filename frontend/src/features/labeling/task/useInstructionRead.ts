/** Which instructions this person has read last, as the server knows it: the same on every machine. */
import { useCallback, useRef } from "react";
import { $api, api, queryClient, type Schemas } from "@/api/client";
import type { Assignment } from "@/features/labeling/task/types";

const PATH = "/api/v1/projects/{project_id}/instructions/read";

export type InstructionReading = {
  /** Undefined until it is known, null before any was read. */
  lastRead: Schemas["InstructionReference"] | null | undefined;
  markRead: () => void;
};

export function useInstructionRead(assignment: Assignment): InstructionReading {
  const params = { path: { project_id: assignment.project.id } };
  const { data } = $api.useQuery("get", PATH, { params }, { staleTime: Number.POSITIVE_INFINITY });
  const lastRead = data === undefined ? undefined : data.version;
  const { id, number } = assignment.instruction_version;
  const projectId = assignment.project.id;
  const isSending = useRef(false);
  const isRead = lastRead !== undefined && lastRead !== null && lastRead.number >= number;
  const markRead = useCallback(() => {
    if (isRead || isSending.current) return;
    isSending.current = true;
    const path = { project_id: projectId };
    api
      .PUT(PATH, { params: { path }, body: { instruction_version_id: id } })
      .then(({ data: read }) => queryClient.setQueryData(["get", PATH, { params: { path } }], read))
      // Without a network the notice stays, and the next look at the text sends it again.
      .catch(() => undefined)
      .finally(() => {
        isSending.current = false;
      });
  }, [isRead, projectId, id]);
  return { lastRead, markRead };
}
