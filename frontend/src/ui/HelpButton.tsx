import { ActionIcon } from "@mantine/core";
import { IconQuestionMark } from "@tabler/icons-react";
import { type ReactNode, useId, useRef } from "react";
import { placeBeside } from "@/ui/floating";
import classes from "@/ui/HelpButton.module.css";

type HelpButtonProps = { label: string; children: ReactNode };

/** A "?" that opens an explanation. The browser closes it: on Escape, on a press elsewhere, when another opens. */
export function HelpButton({ label, children }: HelpButtonProps) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const box = useRef<HTMLDivElement>(null);
  return (
    <>
      <ActionIcon
        ref={button}
        variant="subtle"
        color="gray"
        size={24}
        radius="xl"
        aria-label={label}
        popoverTarget={id}
      >
        <IconQuestionMark size={14} stroke={1.8} aria-hidden />
      </ActionIcon>
      <div
        ref={box}
        id={id}
        popover="auto"
        role="note"
        aria-label={label}
        className={classes.help}
        onToggle={({ newState }) => {
          if (newState === "open" && box.current && button.current) placeBeside(box.current, button.current);
        }}
      >
        {children}
      </div>
    </>
  );
}
