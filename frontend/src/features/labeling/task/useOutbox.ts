import { useSyncExternalStore } from "react";
import { type OutboxState, outbox } from "@/features/labeling/task/outbox";

/** What waits to be sent, and how it goes. */
export function useOutbox(): OutboxState {
  return useSyncExternalStore(outbox.subscribe, outbox.state);
}
