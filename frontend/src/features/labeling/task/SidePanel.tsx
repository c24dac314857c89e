import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import classes from "@/features/labeling/task/SidePanel.module.css";

/** Where SidePanel.module.css puts the panel above the task. */
const STACKED = "(max-width: 70em)";

type SidePanelProps = { title: string; close: string; onClose: () => void; children: ReactNode };

/** What is read beside the task. */
export function SidePanel({ title, close, onClose, children }: SidePanelProps) {
  const { t } = useTranslation();
  const id = useId();
  const panel = useRef<HTMLElement>(null);
  // On a narrow screen it opens above the task, which may be far up; on a wide one it is in sight beside it.
  useEffect(() => {
    // Braces: scrollIntoView may return a promise, which React would call as the clean-up.
    if (window.matchMedia(STACKED).matches) void panel.current?.scrollIntoView?.({ block: "nearest" });
  }, []);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable by keyboard
    <aside ref={panel} className={classes.panel} aria-labelledby={id} tabIndex={0}>
      <header className={classes.header}>
        <h2 id={id} className={classes.title}>
          {title}
        </h2>
        <ActionIcon
          className={classes.close}
          variant="subtle"
          color="gray"
          aria-label={close}
          title={t("Esc")}
          aria-keyshortcuts="Escape"
          onClick={onClose}
        >
          <IconX size={18} stroke={1.6} />
        </ActionIcon>
      </header>
      {children}
    </aside>
  );
}
