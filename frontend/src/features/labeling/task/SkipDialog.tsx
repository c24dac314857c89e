import { Button, Group, Radio, Stack, Text, Textarea } from "@mantine/core";
import { type KeyboardEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import { SKIP_AT_ONCE_KEYS } from "@/features/labeling/keys";
import classes from "@/features/labeling/task/Task.module.css";
import type { Assignment, SkipSaid } from "@/features/labeling/task/types";
import { Dialog } from "@/ui/Dialog";
import { Key } from "@/ui/Key";
import { msg } from "@/ui/language";

type Reason = SkipSaid["reason"];

const REASONS: { value: Reason; label: string }[] = [
  { value: "unclear", label: msg("The prompt is unclear") },
  { value: "outside_knowledge", label: msg("Outside my knowledge") },
  { value: "unsafe", label: msg("Unsafe or upsetting") },
  { value: "personal_data", label: msg("Contains personal data") },
  { value: "language", label: msg("A language I do not read well") },
  { value: "broken", label: msg("Something is broken") },
  { value: "other", label: msg("Another reason") },
];

type SkipDialogProps = {
  assignment: Assignment;
  isOpen: boolean;
  /** Of the reason that it was opened with. */
  digit?: number | null;
  onClose: () => void;
  /** Resolves to whether it has arrived. */
  skip: (said: SkipSaid) => Promise<boolean>;
};

/** A digit skips at once with its reason, unless a note is being written: that is text, and Ctrl+Enter skips with it. */
export function SkipDialog(props: SkipDialogProps) {
  const { assignment, isOpen, digit = null, onClose, skip } = props;
  const { t } = useTranslation();
  const [reason, setReason] = useState<Reason | null>(null);
  const [note, setNote] = useKeptNote(`labelapp:skip:${useMe().id}:${assignment.task_id}`);
  const [wanted, setWanted] = useState<Reason | null>(null);
  const isHeld = assignment.lease_token !== null;
  // A task that is shown ahead of its lease is nobody's to skip yet; it is skipped once it is theirs.
  useEffect(() => {
    if (!wanted || !isHeld) return;
    setWanted(null);
    onClose();
    void skip({ reason: wanted, note }).then((isSent) => isSent && setNote(""));
  });
  // Opened with a reason, it skips at once, and is not seen where there is nothing to wait for.
  const [openedWith, setOpenedWith] = useState<number | null>(null);
  const asked = isOpen ? digit : null;
  const atOnce = asked === null ? undefined : REASONS[asked - 1]?.value;
  if (asked !== openedWith) {
    setOpenedWith(asked);
    if (atOnce) {
      setReason(atOnce);
      setWanted(atOnce);
    }
  }
  const close = () => {
    setWanted(null);
    onClose();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && event.key === "Enter") setWanted(reason);
    const chosen = REASONS[Number(event.key) - 1];
    if (!chosen || isCommand || event.altKey || event.repeat) return;
    if (event.target instanceof HTMLTextAreaElement) return;
    event.preventDefault();
    setReason(chosen.value);
    setWanted(chosen.value);
  };
  return (
    <Dialog
      opened={isOpen && !(atOnce && isHeld)}
      onClose={close}
      title={t("Skip this task?")}
      onKeyDown={onKeyDown}
    >
      <Stack>
        <Radio.Group
          label={t("Why? It goes to somebody else and does not come back to you.")}
          description={
            <span className={classes.keyHint}>
              {t(
                "A number key skips at once with that reason; without this dialog, {{keys}} and the number.",
                {
                  keys: SKIP_AT_ONCE_KEYS,
                },
              )}
            </span>
          }
          value={reason}
          onChange={(value) => setReason(value as Reason)}
        >
          <Stack gap={8} mt="xs">
            {REASONS.map(({ value, label }, index) => (
              <Radio
                key={value}
                value={value}
                label={
                  <Group gap={8} wrap="nowrap">
                    <Key name={String(index + 1)} />
                    {t(label)}
                  </Group>
                }
                data-autofocus={(index === 0 && digit === null) || undefined}
              />
            ))}
          </Stack>
        </Radio.Group>
        <Textarea
          label={t("Note, if it helps")}
          maxLength={10_000}
          autosize
          minRows={2}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        {wanted && (
          <Text size="sm" role="status">
            {t("Your last answer is sent first; then this task is skipped.")}
          </Text>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t("Keep this task")}
          </Button>
          <Button
            data-autofocus={digit !== null || undefined}
            disabled={!reason}
            loading={wanted !== null}
            onClick={() => setWanted(reason)}
          >
            {t("Skip")}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}

/** What is written outlives the screen; an empty note leaves nothing behind. */
function useKeptNote(key: string): [string, (note: string) => void] {
  const [note, setNote] = useState(() => stored(key));
  const write = (next: string) => {
    setNote(next);
    try {
      if (next) localStorage.setItem(key, next);
      else localStorage.removeItem(key);
    } catch {
      // Full or forbidden: then it lives as long as the screen.
    }
  };
  return [note, write];
}

function stored(key: string): string {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}
