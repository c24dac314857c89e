import { Button, Group } from "@mantine/core";
import { IconCoffee, IconHourglass, IconPlayerPause } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { EmptyState } from "@/ui/EmptyState";
import { formatTime } from "@/ui/format";
import { usePageTitle } from "@/ui/usePageTitle";

type NoTaskProps = { next: Schemas["Next"]; onAskAgain: () => void; isAsking: boolean };

/** Says which it is: nothing left, all in other hands until a known time, or paused. */
export function NoTask({ next, onAskAgain, isAsking }: NoTaskProps) {
  const { t } = useTranslation();
  usePageTitle(t("No task"));
  const { title, text, Icon } = explained(next, t);
  return (
    <EmptyState title={title} headingLevel={1} icon={<Icon size={36} stroke={1.2} aria-hidden />}>
      <span role="status">{text}</span>
      <Group mt="md" justify="center">
        <Button renderRoot={(props) => <Link to="/label" {...props} />}>{t("Other projects")}</Button>
        <Button variant="default" loading={isAsking} onClick={onAskAgain}>
          {t("Ask again")}
        </Button>
      </Group>
    </EmptyState>
  );
}

function explained({ status, until }: Schemas["Next"], t: TFunction) {
  if (status === "busy") {
    return {
      title: t("Every task is in somebody’s hands"),
      text: until
        ? t("Busy until {{time}}: then the first may come free. This page asks again by itself.", {
            time: formatTime(new Date(until)),
          })
        : t("The first may come free at any moment. This page asks again by itself."),
      Icon: IconHourglass,
    };
  }
  if (status === "paused") {
    return {
      title: t("This project is paused"),
      text: t("It goes on when a researcher starts it again. Drafts are kept."),
      Icon: IconPlayerPause,
    };
  }
  return {
    title: t("You have done everything here"),
    text: t("New tasks appear on this page by themselves."),
    Icon: IconCoffee,
  };
}
