import { useEffect, useReducer } from "react";
import { useTranslation } from "react-i18next";
import { formatDateTime, formatRelative } from "@/ui/format";

/** "3 minutes ago", kept true while it is shown; the exact time on hover. */
export function RelativeTime({ at }: { at: string | null | undefined }) {
  const { t } = useTranslation();
  const [, refresh] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const timer = setInterval(refresh, 30_000);
    return () => clearInterval(timer);
  }, []);
  if (!at) return <span>{t("never")}</span>;
  const date = new Date(at);
  return (
    <time dateTime={at} title={formatDateTime(date)}>
      {formatRelative(date)}
    </time>
  );
}
