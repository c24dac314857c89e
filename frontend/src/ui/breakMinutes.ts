/** After how many minutes of work somebody wants to be reminded of a break; 0 is never. Kept in this browser. */
import { useLocalStorage } from "@mantine/hooks";

export const BREAK_CHOICES = [0, 25, 50, 90] as const;

export function useBreakMinutes() {
  return useLocalStorage<number>({
    key: "labelapp:break-minutes",
    defaultValue: 50,
    getInitialValueInEffect: false,
  });
}
