import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { EmptyState } from "@/ui/EmptyState";
import { usePageTitle } from "@/ui/usePageTitle";

export function NotFound() {
  const { t } = useTranslation();
  usePageTitle(t("Not found"));
  return (
    <EmptyState title={t("There is nothing here for you")} headingLevel={1}>
      {t("The address may be mistyped, or the page may need a role that you do not have.")}
      <Button mt="md" renderRoot={(props) => <Link to="/" {...props} />}>
        {t("Go home")}
      </Button>
    </EmptyState>
  );
}
