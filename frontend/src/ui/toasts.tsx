/** Short messages in the corner, about something that has happened already: nothing that must be answered. */
import { ActionIcon, Button } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { roomFor } from "@/ui/heights";
import classes from "@/ui/toasts.module.css";

const SHOWN_MS = 6_000;

const corner = roomFor("--footer-height", "--notice-height");

type Toast = {
  id: number;
  message: string;
  title?: string;
  isBad?: boolean;
  action?: { label: string; act: () => void };
};

let toasts: Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function change(next: Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function close(id: number): void {
  change(toasts.filter((toast) => toast.id !== id));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function toast(shown: Omit<Toast, "id">): void {
  // What is offered twice is one offer.
  const others = shown.action ? toasts.filter(({ message }) => message !== shown.message) : toasts;
  change([...others, { ...shown, id: nextId++ }]);
}

/** The corner itself: once in the app. It is there from the start, so that screen readers listen to it. */
export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <div ref={corner} role="status" aria-live="polite" className={classes.corner}>
      {shown.map((one) => (
        <Message key={one.id} toast={one} />
      ))}
    </div>
  );
}

/** What went wrong or can be acted on stays until it is closed; the rest goes by itself, but not from under the pointer. */
function Message({ toast: { id, message, title, isBad, action } }: { toast: Toast }) {
  const { t } = useTranslation();
  const [isHeld, setHeld] = useState(false);
  useEffect(() => {
    if (isHeld || isBad || action) return;
    const timer = setTimeout(() => close(id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [id, isHeld, isBad, action]);
  return (
    <div
      className={classes.toast}
      data-bad={isBad || undefined}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
    >
      <div className={classes.text}>
        {title && <b>{title}</b>}
        <span>{message}</span>
      </div>
      {action && (
        <Button variant="subtle" size="compact-sm" onClick={action.act}>
          {action.label}
        </Button>
      )}
      <ActionIcon variant="subtle" color="gray" size={24} aria-label={t("Close")} onClick={() => close(id)}>
        <IconX size={14} aria-hidden />
      </ActionIcon>
    </div>
  );
}
