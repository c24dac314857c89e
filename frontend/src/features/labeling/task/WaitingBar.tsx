import { Button } from "@mantine/core";
import { mergeRefs } from "@mantine/hooks";
import { IconCloudUp } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "@/features/labeling/task/Bars.module.css";
import { outbox } from "@/features/labeling/task/outbox";
import type { Entry } from "@/features/labeling/task/types";
import { useOutbox } from "@/features/labeling/task/useOutbox";
import { heightOf, roomFor } from "@/ui/heights";

const bar = mergeRefs(heightOf("--notice-height"), roomFor("--footer-height"));

type WaitingBarProps = {
  entry: Entry;
  /** The next task is on the screen already. */
  isOfTaskBefore?: boolean;
};

/** An answer or a skip that cannot be sent yet: where it is, what happens to it, and the way back to it. */
export function WaitingBar({ entry, isOfTaskBefore = false }: WaitingBarProps) {
  const { t } = useTranslation();
  const isLoggedOut = useOutbox((state) => state.isLoggedOut);
  return (
    <div ref={bar} className={classes.bar} data-kind="waiting" role="status">
      <IconCloudUp size={18} stroke={1.6} aria-hidden />
      <span className={classes.text}>
        <strong>
          {!isOfTaskBefore
            ? t("Waiting to be sent.")
            : entry.skip
              ? t("Your skip is waiting to be sent.")
              : t("Your last answer is waiting to be sent.")}
        </strong>{" "}
        {isLoggedOut
          ? t("You are logged out. Log in again in another tab; it is kept in this browser.")
          : t("The server cannot be reached. It is kept in this browser and is sent by itself.")}{" "}
        {isOfTaskBefore &&
          t("You can begin this task meanwhile; it is yours, and can be submitted, once that is done.")}
      </span>
      <span className={classes.actions}>
        <Button size="compact-sm" onClick={() => outbox.retryNow()}>
          {t("Try now")}
        </Button>
        <Button size="compact-sm" variant="default" onClick={() => void outbox.withdraw(entry.key)}>
          {entry.skip ? t("Do not skip it") : t("Edit it instead")}
        </Button>
      </span>
    </div>
  );
}
