import { ActionIcon, type MantineColorScheme, useMantineColorScheme } from "@mantine/core";
import { IconBrightness, IconMoon, IconSun } from "@tabler/icons-react";
import { Tooltip } from "@/ui/Tooltip";

const NEXT: Record<MantineColorScheme, MantineColorScheme> = { auto: "light", light: "dark", dark: "auto" };
const LABEL: Record<MantineColorScheme, string> = { auto: "as the system", light: "light", dark: "dark" };
const ICON = { auto: IconBrightness, light: IconSun, dark: IconMoon };

/** Mantine keeps the choice in this browser's storage. */
export function SchemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Icon = ICON[colorScheme];
  const label = `Colours: ${LABEL[colorScheme]}. Change to ${LABEL[NEXT[colorScheme]]}`;
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={label}
        onClick={() => setColorScheme(NEXT[colorScheme])}
      >
        <Icon size={18} stroke={1.6} />
      </ActionIcon>
    </Tooltip>
  );
}
