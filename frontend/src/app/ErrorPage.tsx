import { Button } from "@mantine/core";
import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { errorMessage, isStatus, NetworkError } from "@/api/errors";
import { NotFound } from "@/app/NotFound";
import { EmptyState } from "@/ui/EmptyState";
import { toast } from "@/ui/toasts";
import { usePageTitle } from "@/ui/usePageTitle";

/** A page that was never opened here, or whose data is not here, while the server cannot be reached. */
function NotHere() {
  const { t } = useTranslation();
  usePageTitle(t("Not available offline"));
  // Loaded anew, so that nothing of it is missing that failed to come; but never without a server, for an empty window.
  const open = useCallback(async () => {
    const isThere = await api.GET("/api/v1/health").then(
      () => true,
      () => false,
    );
    if (isThere) window.location.reload();
    else toast({ message: t("The server cannot be reached yet.") });
  }, [t]);
  useEffect(() => {
    window.addEventListener("online", open);
    return () => window.removeEventListener("online", open);
  }, [open]);
  return (
    <EmptyState title={t("This page is not available offline")} headingLevel={1}>
      {t(
        "It has to be fetched from the server, which cannot be reached now. What you have done is kept in this browser until it can be sent.",
      )}
      <Button mt="md" onClick={() => void open()}>
        {t("Try again")}
      </Button>
    </EmptyState>
  );
}

/** A page that threw. What is typed in drafts is stored already, so trying again is always safe. */
export function ErrorPage({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation();
  const router = useRouter();
  usePageTitle(t("Something went wrong"));
  if (isStatus(error, 404)) return <NotFound />;
  if (error instanceof NetworkError) return <NotHere />;
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
