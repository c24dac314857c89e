import { useSyncExternalStore } from "react";
import { type OutboxState, outbox } from "@/features/labeling/task/outbox";

/** What waits to be sent, and how it goes; `pick` keeps a screen from rendering anew for what it does not show. */
export function useOutbox<T>(pick: (state: OutboxState) => T): T {
  return useSyncExternalStore(outbox.subscribe, () => pick(outbox.state()));
}
