import { Group, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "@/ui/Page.module.css";
import { usePageTitle } from "@/ui/usePageTitle";

type PageProps = { title: string; width?: "narrow" | "wide" | "full"; children: ReactNode };

/** A page's column; also names the browser's tab. */
export function Page({ title, width = "wide", children }: PageProps) {
  usePageTitle(title);
  return (
    <div className={classes.page} data-width={width}>
      {children}
    </div>
  );
}

type PageHeaderProps = { title: ReactNode; description?: ReactNode; actions?: ReactNode };

/** The page's only h1, a sentence about it, and what can be done with the whole of it. */
export function PageHeader({ title, description, actions }: PageHeaderProps) {
  return (
    <header className={classes.header}>
      <div className={classes.heading}>
        <Title order={1}>{title}</Title>
        {description && (
          <Text c="dimmed" mt={4} component="div">
            {description}
          </Text>
        )}
      </div>
      {actions && <Group gap="xs">{actions}</Group>}
    </header>
  );
}

type SectionProps = { title?: ReactNode; description?: ReactNode; actions?: ReactNode; children?: ReactNode };

/** A titled part of a page on its own sheet. */
export function Section({ title, description, actions, children }: SectionProps) {
  return (
    <section className={classes.section}>
      {(title || actions) && (
        <div className={classes.sectionHeader}>
          <div>
            {title && <Title order={2}>{title}</Title>}
            {description && (
              <Text c="dimmed" size="sm" mt={2}>
                {description}
              </Text>
            )}
          </div>
          {actions && <Group gap="xs">{actions}</Group>}
        </div>
      )}
      {children}
    </section>
  );
}
