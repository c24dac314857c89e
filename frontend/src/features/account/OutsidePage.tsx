import { Title } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "@/features/account/OutsidePage.module.css";
import { usePageTitle } from "@/ui/usePageTitle";

type OutsidePageProps = { title: string; description?: ReactNode; children: ReactNode };

/** The frame of the pages before the login. */
export function OutsidePage({ title, description, children }: OutsidePageProps) {
  usePageTitle(title);
  return (
    <div className={classes.page}>
      <aside className={classes.side} aria-hidden>
        <span className={classes.brand}>labelapp</span>
        <ol className={classes.loop}>
          {["Prompt", "Sample K", "Rank", "Freeze", "Train", "Sample again"].map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      </aside>
      <main className={classes.main}>
        <div className={classes.column}>
          <Title order={1}>{title}</Title>
          {description && <p className={classes.description}>{description}</p>}
          {children}
        </div>
      </main>
    </div>
  );
}
