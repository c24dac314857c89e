/**
 * The browser's own modal dialog: it keeps the focus inside, closes on Escape, gives the focus back, and lies above all
 * else. What Mantine's needs for the same is as large as a labeling screen.
 */
import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import classes from "@/ui/Dialog.module.css";

type DialogProps = {
  opened: boolean;
  onClose: () => void;
  title: ReactNode;
  size?: "md" | "lg" | "xl";
  onKeyDown?: (event: KeyboardEvent) => void;
  children: ReactNode;
};

export function Dialog({ opened, ...props }: DialogProps) {
  return opened ? <OpenDialog {...props} /> : null;
}

function OpenDialog({ onClose, title, size = "md", onKeyDown, children }: Omit<DialogProps, "opened">) {
  const { t } = useTranslation();
  const titleId = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    if (!element?.open) element?.showModal();
    // React sets no autofocus attribute, so what should have the focus first says so in one of ours.
    element?.querySelector<HTMLElement>("[data-autofocus]")?.focus();
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      // biome-ignore lint/a11y/noRedundantRoles: the keys of the screen behind look for it
      role="dialog"
      aria-modal="true"
      aria-labelledby={titleId}
      className={classes.dialog}
      data-size={size}
      onKeyDown={onKeyDown}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      // The backdrop is the dialog's own box; everything else in it has an element of its own.
      onClick={(event) => event.target === event.currentTarget && onClose()}
    >
      <div className={classes.sheet}>
        <header className={classes.header}>
          <h2 id={titleId} className={classes.title}>
            {title}
          </h2>
          <ActionIcon variant="subtle" color="gray" aria-label={t("Close")} onClick={onClose}>
            <IconX size={18} aria-hidden />
          </ActionIcon>
        </header>
        {children}
      </div>
    </dialog>
  );
}
