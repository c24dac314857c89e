/** How much waits behind an entry of the top bar. */
import { VisuallyHidden } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { $api } from "@/api/client";
import classes from "@/app/Layout.module.css";

export type Counted = "review" | "questions";

export function NavigationCount({ of }: { of: Counted }) {
  return of === "review" ? <ReviewCount /> : <UnreadCount />;
}

function ReviewCount() {
  // Asked for now and then, not listened for: a live stream on every page would hold a thread of the server for each.
  const { data } = $api.useQuery("get", "/api/v1/review/counts", {}, { refetchInterval: 60_000 });
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
