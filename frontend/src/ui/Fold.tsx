import { IconChevronRight } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "@/ui/Fold.module.css";

/** What is seldom needed, behind its title. The browser's own element: it opens for a search in the page, too. */
export function Fold({ title, children }: { title: string; children: ReactNode }) {
  return (
    <details className={classes.fold}>
      <summary className={classes.title}>
        <IconChevronRight size={16} aria-hidden className={classes.arrow} />
        {title}
      </summary>
      <div className={classes.inside}>{children}</div>
    </details>
  );
}
