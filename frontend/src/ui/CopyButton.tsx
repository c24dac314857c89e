import { ActionIcon, Button, type ButtonProps } from "@mantine/core";
import { IconCheck, IconCopy, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Tooltip } from "@/ui/Tooltip";
import { useCopy } from "@/ui/useCopy";

const ICON = { ready: IconCopy, copied: IconCheck, refused: IconX };

export function CopyButton({ value, label, ...props }: { value: string; label?: string } & ButtonProps) {
  const { t } = useTranslation();
  const { state, copy } = useCopy();
  const Icon = ICON[state];
  const said = { ready: label ?? t("Copy"), copied: t("Copied"), refused: t("Copying is not allowed here") };
  return (
    <Button
      variant="default"
      size="compact-sm"
      leftSection={<Icon size={14} aria-hidden />}
      onClick={() => copy(value)}
      {...props}
    >
      <span aria-live="polite">{said[state]}</span>
    </Button>
  );
}

/** The same where there is room for an icon only. */
export function CopyIcon({ value, label }: { value: string; label: string }) {
  const { t } = useTranslation();
  const { state, copy } = useCopy();
  const Icon = ICON[state];
  const said = { ready: t("Copy"), copied: t("Copied"), refused: t("Copying is not allowed here") };
  return (
    <Tooltip label={said[state]}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={state === "ready" ? label : said[state]}
        onClick={() => copy(value)}
      >
        <Icon size={17} stroke={1.6} />
      </ActionIcon>
    </Tooltip>
  );
}
