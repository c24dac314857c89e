import { Badge } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { useConnection } from "@/api/events";
import classes from "@/app/ConnectionState.module.css";

function subscribeToNetwork(listener: () => void): () => void {
  window.addEventListener("online", listener);
  window.addEventListener("offline", listener);
  return () => {
    window.removeEventListener("online", listener);
    window.removeEventListener("offline", listener);
  };
}

/** Silent while all is well; says so when the page is not live, because old numbers look like new ones. */
export function ConnectionState() {
  const { t } = useTranslation();
  const connection = useConnection();
  const isOnline = useSyncExternalStore(subscribeToNetwork, () => navigator.onLine);
  const text =
    !isOnline || connection === "offline"
      ? t("Offline")
      : connection === "reconnecting"
        ? t("Reconnecting…")
        : "";
  return (
    <span role="status" aria-live="polite">
      {text && (
        <Badge className={classes.badge} leftSection={<IconPlugConnectedX size={14} aria-hidden />}>
          {text}
        </Badge>
      )}
    </span>
  );
}
