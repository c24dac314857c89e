import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { WorkMode } from "@/features/labeling/task/types";
import type { Work } from "@/features/labeling/task/useWork";
import { Key } from "@/ui/Key";

type SubmitButtonProps = { isReady: boolean; sending: Work["sending"]; mode: WorkMode; onSubmit: () => void };

/** Pressed too early it shows what is missing rather than doing nothing. */
export function SubmitButton({ isReady, sending, mode, onSubmit }: SubmitButtonProps) {
  const { t } = useTranslation();
  return (
    <Button
      variant={isReady ? "filled" : "default"}
      loading={sending.isSending}
      rightSection={<Key name="Ctrl ↵" />}
      aria-keyshortcuts="Control+Enter"
      onClick={onSubmit}
    >
      {mode === "revise" ? t("Save the edit") : t("Submit")}
    </Button>
  );
}
