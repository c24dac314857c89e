/** How somebody likes the screen, remembered in this browser. */
import { useLocalStorage } from "@mantine/hooks";

export type Columns = 1 | 2 | 3 | 4;

function useRemembered<T>(name: string, defaultValue: T) {
  return useLocalStorage<T>({ key: `labelapp:${name}`, defaultValue, getInitialValueInEffect: false });
}

export function useColumns() {
  return useRemembered<Columns>("columns", 2);
}

/** By number of columns, the share of each: unknown until it is checked, because it may be of another version. */
export function useColumnShares() {
  return useRemembered<Record<string, unknown>>("column-shares", {});
}

/** The prompt's width in pixels; null leaves it to the window. */
export function usePromptWidth() {
  return useRemembered<number | null>("prompt-width", null);
}

/** Whether the responses scroll together, each in a box of its own. */
export function useScrollTogether() {
  return useRemembered("scroll-together", false);
}

/** Whether long responses are folded until they are opened. */
export function useFoldLong() {
  return useRemembered("fold-long", true);
}

export function usePlainText() {
  return useRemembered("plain-text", false);
}

export type SidePanelName = "instructions" | "questions";

/** What was open beside the task last. */
export function useOpenPanel() {
  return useRemembered<SidePanelName | null>("side-panel", null);
}
