import { useTranslation } from "react-i18next";
import { useOutbox } from "@/features/labeling/task/useOutbox";
import { WaitingBar } from "@/features/labeling/task/WaitingBar";
import { Busy } from "@/ui/Busy";
import { EmptyState } from "@/ui/EmptyState";
import { usePageTitle } from "@/ui/usePageTitle";

/** Between tasks. Where an answer of before still waits, it goes first, and this says so. */
export function WaitingToSend({ projectId }: { projectId: number }) {
  const { t } = useTranslation();
  const { waiting, attempt } = useOutbox((state) => state);
  usePageTitle(t("Label"));
  const own = waiting.filter((entry) => entry.projectId === projectId);
  if (!own[0] || attempt === 0) return <Busy />;
  return (
    <>
      <EmptyState
        title={own[0].skip ? t("Your skip comes first") : t("An answer of yours comes first")}
        headingLevel={1}
      >
        {t("The next task opens as soon as it has been sent.")}
      </EmptyState>
      <WaitingBar entry={own[0]} />
    </>
  );
}
