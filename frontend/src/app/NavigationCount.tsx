/** How much waits behind an entry of the top bar. */
import { VisuallyHidden } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { $api } from "@/api/client";
import { useEvents } from "@/api/events";
import classes from "@/app/Layout.module.css";

export type Counted = "review" | "questions";

export function NavigationCount({ of }: { of: Counted }) {
  return of === "review" ? <ReviewCount /> : <UnreadCount />;
}

function ReviewCount() {
  const { data } = $api.useQuery("get", "/api/v1/review/counts", {}, { staleTime: 60_000 });
  useEvents(["review"], [["get", "/api/v1/review/counts"]]);
  const { t } = useTranslation();
  return <Count count={data?.total ?? 0} label={t("{{count}} open", { count: data?.total ?? 0 })} />;
}

function UnreadCount() {
  const { data } = $api.useQuery("get", "/api/v1/threads", {}, { staleTime: 300_000 });
  const { t } = useTranslation();
  return <Count count={data?.unread ?? 0} label={t("{{count}} new answers", { count: data?.unread ?? 0 })} />;
}

function Count({ count, label }: { count: number; label: string }) {
  if (!count) return null;
  return (
    <span className={classes.count}>
      <span aria-hidden>{count > 99 ? "99+" : count}</span>
      <VisuallyHidden>{label}</VisuallyHidden>
    </span>
  );
}
