import { Button } from "@mantine/core";
import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { errorMessage, isOutage, isStatus } from "@/api/errors";
import { NotFound } from "@/app/NotFound";
import { isReachable, useServerBack } from "@/app/useServerBack";
import { EmptyState } from "@/ui/EmptyState";
import { isCodeMissing } from "@/ui/newVersion";
import { toast } from "@/ui/toasts";
import { usePageTitle } from "@/ui/usePageTitle";

/** So that nothing is missing that failed to come; but never without a server, for an empty window. */
const loadAnew = () => window.location.reload();

function useLoadAnew(): () => void {
  const { t } = useTranslation();
  return () =>
    void isReachable().then((isHere) => {
      if (isHere) loadAnew();
      else toast({ message: t("The server cannot be reached yet.") });
    });
}

/** A page that was never opened here, or whose data is not here, while the server cannot be reached. */
function NotHere() {
  const { t } = useTranslation();
  usePageTitle(t("Not available offline"));
  useServerBack(loadAnew);
  const open = useLoadAnew();
  return (
    <EmptyState title={t("This page is not available offline")} headingLevel={1}>
      {t(
        "It has to be fetched from the server, which cannot be reached now. What you have done is kept in this browser until it can be sent.",
      )}
      <Button mt="md" onClick={open}>
        {t("Try again")}
      </Button>
    </EmptyState>
  );
}

/** A part of the page that the server has no more, or that got lost on the way: either way all of it is fetched anew. */
function CodeMissing() {
  const { t } = useTranslation();
  usePageTitle(t("This page has to be loaded anew"));
  const open = useLoadAnew();
  return (
    <EmptyState title={t("This page has to be loaded anew")} headingLevel={1}>
      {t("A part of it did not come. Your drafts are kept.")}
      <Button mt="md" onClick={open}>
        {t("Reload")}
      </Button>
    </EmptyState>
  );
}

/** A page that threw. What is typed in drafts is stored already, so trying again is always safe. */
export function ErrorPage(failure: ErrorComponentProps) {
  const { error } = failure;
  if (isStatus(error, 404)) return <NotFound />;
  if (isOutage(error)) return <NotHere />;
  if (isCodeMissing(error)) return <CodeMissing />;
  return <Failed {...failure} />;
}

function Failed({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation();
  const router = useRouter();
  usePageTitle(t("Something went wrong"));
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
