/** How somebody likes the screen, remembered in this browser. */
import { useLocalStorage } from "@mantine/hooks";

export type Columns = 1 | 2 | 3 | 4;

export function useColumns() {
  return useLocalStorage<Columns>({
    key: "labelapp:columns",
    defaultValue: 2,
    getInitialValueInEffect: false,
  });
}

export function usePlainText() {
  return useLocalStorage({ key: "labelapp:plain-text", defaultValue: false, getInitialValueInEffect: false });
}

/** The newest instructions of each project that were opened here, so that a new version says so. */
export function useSeenInstructions(projectId: number) {
  const key = `labelapp:instructions:${projectId}`;
  return useLocalStorage({ key, defaultValue: 0, getInitialValueInEffect: false });
}
