import { Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "@/ui/Notice.module.css";

type NoticeProps = { tone: "good" | "warn" | "bad"; title: ReactNode; children?: ReactNode };

const ICON = { good: IconCircleCheck, warn: IconInfoCircle, bad: IconAlertTriangle };

/** Something to know about the whole page or form. What is bad is announced at once. */
export function Notice({ tone, title, children }: NoticeProps) {
  const Icon = ICON[tone];
  return (
    <div className={classes.notice} data-tone={tone} role={tone === "bad" ? "alert" : "status"}>
      <Icon size={18} aria-hidden className={classes.icon} />
      <div className={classes.text}>
        <Text fw={600}>{title}</Text>
        {children && <div className={classes.body}>{children}</div>}
      </div>
    </div>
  );
}
