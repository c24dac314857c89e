import { ActionIcon, type MantineColorScheme, useMantineColorScheme } from "@mantine/core";
import { IconBrightness, IconMoon, IconSun } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { msg } from "@/ui/language";
import { Tooltip } from "@/ui/Tooltip";

const NEXT: Record<MantineColorScheme, MantineColorScheme> = { auto: "light", light: "dark", dark: "auto" };
const LABEL: Record<MantineColorScheme, string> = {
  auto: msg("Colours: as the system"),
  light: msg("Colours: light"),
  dark: msg("Colours: dark"),
};
const ICON = { auto: IconBrightness, light: IconSun, dark: IconMoon };

/** Mantine keeps the choice in this browser's storage. */
export function SchemeSwitch() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Icon = ICON[colorScheme];
  const label = t(LABEL[colorScheme]);
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
