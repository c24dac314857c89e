import { Title, type TitleOrder } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "@/ui/EmptyState.module.css";

type EmptyStateProps = { title: string; headingLevel?: TitleOrder; icon?: ReactNode; children?: ReactNode };

/** Says why there is nothing and what to do about it. */
export function EmptyState({ title, headingLevel = 2, icon, children }: EmptyStateProps) {
  return (
    <div className={classes.empty}>
      {icon}
      <Title order={headingLevel} size="h2">
        {title}
      </Title>
      <div className={classes.body}>{children}</div>
    </div>
  );
}
