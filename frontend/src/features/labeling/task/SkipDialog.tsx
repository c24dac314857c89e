import { Button, Group, Radio, Stack, Text, Textarea } from "@mantine/core";
import { type KeyboardEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { $api, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { useMe } from "@/api/session";
import { SKIP_AT_ONCE_KEYS } from "@/features/labeling/keys";
import classes from "@/features/labeling/task/Task.module.css";
import type { Assignment } from "@/features/labeling/task/types";
import { Dialog } from "@/ui/Dialog";
import { FieldErrors } from "@/ui/FieldErrors";
import { Key } from "@/ui/Key";
import { msg } from "@/ui/language";

type Reason = Schemas["SkipRequestRequest"]["reason"];

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
  /** Something was done on the task, which a skip would throw away. */
  isBegun?: boolean;
  onClose: () => void;
  onSkipped: () => void;
};

/** A digit skips at once with its reason, unless a note is being written: that is text, and Ctrl+Enter skips with it. */
export function SkipDialog(props: SkipDialogProps) {
  const { assignment, isOpen, digit = null, isBegun = false, onClose, onSkipped } = props;
  const { t } = useTranslation();
  const [reason, setReason] = useState<Reason | null>(null);
  const [note, setNote] = useKeptNote(`labelapp:skip:${useMe().id}:${assignment.task_id}`);
  const [wanted, setWanted] = useState<Reason | null>(null);
  const { mutate, isPending, error } = $api.useMutation("post", "/api/v1/assignments/{assignment_id}/skip", {
    onSuccess: () => {
      setNote("");
      onSkipped();
    },
  });
  const { id, lease_token: token } = assignment;
  // A task that is shown ahead of its lease is nobody's to skip yet; it is skipped once it is theirs.
  useEffect(() => {
    if (!wanted || !token) return;
    setWanted(null);
    mutate({ params: { path: { assignment_id: id } }, body: { lease_token: token, reason: wanted, note } });
  }, [wanted, token, id, note, mutate]);
  // Opened with a reason, it skips at once what nobody has begun.
  const [openedWith, setOpenedWith] = useState<number | null>(null);
  const asked = isOpen ? digit : null;
  if (asked !== openedWith) {
    setOpenedWith(asked);
    const chosen = asked === null ? null : (REASONS[asked - 1]?.value ?? null);
    if (chosen) {
      setReason(chosen);
      if (!isBegun) setWanted(chosen);
    }
  }
  const send = (because: Reason | null) => {
    if (because && !isPending) setWanted(because);
  };
  const close = () => {
    setWanted(null);
    onClose();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && event.key === "Enter") send(reason);
    const chosen = REASONS[Number(event.key) - 1];
    if (!chosen || isCommand || event.altKey || event.repeat) return;
    if (event.target instanceof HTMLTextAreaElement) return;
    event.preventDefault();
    setReason(chosen.value);
    send(chosen.value);
  };
  return (
    <Dialog opened={isOpen} onClose={close} title={t("Skip this task?")} onKeyDown={onKeyDown}>
      <Stack>
        {isBegun && <Text size="sm">{t("What you have done on it is thrown away.")}</Text>}
        <FieldErrors message={error ? errorMessage(error) : null} />
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
        {wanted && !token && (
          <Text size="sm" role="status">
            {t("Your last answer is sent first; then this task is skipped.")}
          </Text>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t("Go on with it")}
          </Button>
          <Button
            data-autofocus={digit !== null || undefined}
            disabled={!reason}
            loading={isPending || wanted !== null}
            onClick={() => send(reason)}
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
