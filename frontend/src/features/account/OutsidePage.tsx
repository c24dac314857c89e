import { Title } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import classes from "@/features/account/OutsidePage.module.css";
import { LanguageSwitch } from "@/ui/LanguageSwitch";
import { msg } from "@/ui/language";
import { usePageTitle } from "@/ui/usePageTitle";

type OutsidePageProps = { title: string; description?: ReactNode; children: ReactNode };

const STEPS = [msg("Prompt"), msg("Sample K"), msg("Rank"), msg("Freeze"), msg("Train"), msg("Sample again")];

/** The frame of the pages before the login. */
export function OutsidePage({ title, description, children }: OutsidePageProps) {
  const { t } = useTranslation();
  usePageTitle(title);
  return (
    <div className={classes.page}>
      <aside className={classes.side} aria-hidden>
        <span className={classes.brand}>labelapp</span>
        <ol className={classes.loop}>
          {STEPS.map((step) => (
            <li key={step}>{t(step)}</li>
          ))}
        </ol>
      </aside>
      <main className={classes.main}>
        <div className={classes.column}>
          <Title order={1}>{title}</Title>
          {description && <p className={classes.description}>{description}</p>}
          {children}
          <div className={classes.foot}>
            <LanguageSwitch />
          </div>
        </div>
      </main>
    </div>
  );
}
