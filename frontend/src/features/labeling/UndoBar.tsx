import { Button, CloseButton } from "@mantine/core";
import { mergeRefs } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { isTextField } from "@/features/labeling/keys";
import classes from "@/features/labeling/task/Bars.module.css";
import { heightOf, roomFor } from "@/ui/heights";
import { Key } from "@/ui/Key";

const bar = mergeRefs(heightOf("--notice-height"), roomFor("--footer-height"));

type UndoBarProps = {
  until: number;
  /** Else an answer. */
  isSkip?: boolean;
  isUndoing: boolean;
  onUndo: () => void;
  onClose: () => void;
};

/** For ten seconds after an answer or a skip: the way back. */
export function UndoBar({ until, isSkip = false, isUndoing, onUndo, onClose }: UndoBarProps) {
  const { t } = useTranslation();
  const seconds = useSecondsTo(until, onClose);
  useUndoKey(onUndo);
  return (
    <div ref={bar} className={classes.bar} data-kind="undo">
      <span className={classes.text} role="status">
        {isSkip ? t("Skipped") : t("Submitted")}
      </span>
      <span className={classes.actions}>
        <Button
          size="compact-sm"
          variant="default"
          loading={isUndoing}
          rightSection={<Key name="Ctrl Z" />}
          aria-keyshortcuts="Control+Z"
          aria-description={t("Possible for ten seconds")}
          onClick={onUndo}
        >
          {t("Undo")}
        </Button>
        <span className={classes.seconds} aria-hidden>
          {seconds}
        </span>
        <CloseButton size="sm" aria-label={t("Close")} onClick={onClose} />
      </span>
    </div>
  );
}

function useSecondsTo(until: number, onOver: () => void): number {
  const left = () => Math.max(0, Math.ceil((until - Date.now()) / 1000));
  const [seconds, setSeconds] = useState(left);
  const over = useRef(onOver);
  over.current = onOver;
  useEffect(() => {
    const timer = setInterval(() => {
      const remaining = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      setSeconds(remaining);
      if (remaining === 0) over.current();
    }, 250);
    return () => clearInterval(timer);
  }, [until]);
  return seconds;
}

/** In a field that was typed into, Ctrl+Z is the field's own, also when it is empty again. */
function useUndoKey(onUndo: () => void): void {
  const latest = useRef(onUndo);
  latest.current = onUndo;
  useEffect(() => {
    const typedInto = new WeakSet<EventTarget>();
    const onInput = ({ target }: Event) => {
      if (target) typedInto.add(target);
    };
    const isTheField = (target: EventTarget | null) =>
      isTextField(target) && target !== null && (typedInto.has(target) || textIn(target) !== "");
    const onKeyDown = (event: KeyboardEvent) => {
      const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z";
      if (!isUndo || event.repeat || isTheField(event.target)) return;
      event.preventDefault();
      latest.current();
    };
    window.addEventListener("input", onInput, true);
    window.addEventListener("keydown", onKeyDown);
    return () => {
      window.removeEventListener("input", onInput, true);
      window.removeEventListener("keydown", onKeyDown);
    };
  }, []);
}

function textIn(target: EventTarget): string {
  if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) return target.value;
  return target instanceof HTMLElement ? (target.textContent ?? "") : "";
}
