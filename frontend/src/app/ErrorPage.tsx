import { Button } from "@mantine/core";
import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { errorMessage, isStatus } from "@/api/errors";
import { NotFound } from "@/app/NotFound";
import { EmptyState } from "@/ui/EmptyState";
import { usePageTitle } from "@/ui/usePageTitle";

/** A page that threw. What is typed in drafts is stored already, so trying again is always safe. */
export function ErrorPage({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation();
  const router = useRouter();
  usePageTitle(t("Something went wrong"));
  if (isStatus(error, 404)) return <NotFound />;
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return (
    <EmptyState title={t("This page could not be shown")} headingLevel={1}>
      {errorMessage(error)}
      <Button mt="md" onClick={retry}>
        {t("Try again")}
      </Button>
    </EmptyState>
  );
}
