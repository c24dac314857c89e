import { Button, Group } from "@mantine/core";
import { IconFileOff } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { EmptyState } from "@/ui/EmptyState";

/** In the place of a task whose prompt is shown no more; without `onNext` it was opened from the history. */
export function ErasedPrompt({ onNext }: { onNext?: () => void }) {
  const { t } = useTranslation();
  return (
    <EmptyState
      title={t("This prompt was erased")}
      headingLevel={1}
      icon={<IconFileOff size={36} stroke={1.2} aria-hidden />}
    >
      <span role="alert">
        {t(
          "Whoever sent it asked for deletion. You did nothing wrong, and there is nothing left to do here.",
        )}
      </span>
      <Group mt="md" justify="center">
        {onNext ? (
          <Button onClick={onNext}>{t("Next task")}</Button>
        ) : (
          <Button renderRoot={(props) => <Link to="/history" {...props} />}>{t("History")}</Button>
        )}
      </Group>
    </EmptyState>
  );
}
