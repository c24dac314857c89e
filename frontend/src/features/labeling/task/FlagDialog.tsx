import { Alert, Button, Group, Radio, SegmentedControl, Stack, Textarea } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { $api } from "@/api/client";
import { useMe } from "@/api/session";
import { newUuid } from "@/api/uuid";
import { type FlagKind, type FlagLetter, useLetters } from "@/features/labeling/task/letters";
import classes from "@/features/labeling/task/SidePanel.module.css";
import { type Assignment, isAhead } from "@/features/labeling/task/types";
import { Dialog } from "@/ui/Dialog";
import { Key } from "@/ui/Key";
import { msg } from "@/ui/language";
import { toast } from "@/ui/toasts";

const KINDS: { value: FlagKind; label: string }[] = [
  { value: "unclear", label: msg("The prompt is wrong or unclear") },
  { value: "broken", label: msg("An output is broken") },
  { value: "personal_data", label: msg("Personal data") },
  { value: "unsafe", label: msg("Illegal or very upsetting content") },
  { value: "other", label: msg("Something else") },
];

type Written = { kind: FlagKind | null; note: string; response: string | null };
const NOTHING: Written = { kind: null, note: "", response: null };

type FlagDialogProps = { assignment: Assignment; isOpen: boolean; onClose: () => void };

/** The work goes on behind it. A number key chooses the kind, Ctrl+Enter sends; what was written outlives a reload. */
export default function FlagDialog({ assignment, isOpen, onClose }: FlagDialogProps) {
  const { t } = useTranslation();
  const taskId = assignment.task_id;
  const [written, setWritten, forget] = useLocalStorage<Written>({
    key: `labelapp:flag:${useMe().id}:${taskId}`,
    defaultValue: NOTHING,
    getInitialValueInEffect: false,
  });
  const { kind, note, response } = written;
  const noteField = useRef<HTMLTextAreaElement>(null);
  const { waiting, write, discard } = useLetters();
  const [sentKey, setSentKey] = useState<string | null>(null);
  const letter = waiting.find(({ key }) => key === sentKey);
  const hasArrived = sentKey !== null && !letter;
  // Once it has arrived there is nothing more to do here.
  useEffect(() => {
    if (!hasArrived) return;
    setSentKey(null);
    forget();
    toast({ message: t("Flagged. A researcher will look at it; go on with the task.") });
    onClose();
  }, [hasArrived, forget, onClose, t]);

  const send = () => {
    if (!kind || (letter && !letter.refused)) return;
    if (letter) discard(letter.key);
    const key = newUuid();
    const responseId = kind === "broken" && response ? Number(response) : null;
    const writtenAt = new Date().toISOString();
    write({ to: "flag", key, taskId, kind, note, responseId, writtenAt, isAhead: isAhead(assignment) });
    setSentKey(key);
  };
  const close = () => {
    // What is on its way is in good hands; the form is free for the next one.
    if (letter && !letter.refused) {
      setSentKey(null);
      forget();
    }
    onClose();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && event.key === "Enter") {
      event.preventDefault();
      send();
    }
    const chosen = KINDS[Number(event.key) - 1];
    if (!chosen || isCommand || event.altKey || event.target instanceof HTMLTextAreaElement) return;
    event.preventDefault();
    setWritten({ ...written, kind: chosen.value });
    noteField.current?.focus();
  };
  return (
    <Dialog
      opened={isOpen}
      onClose={close}
      title={t("Flag this task for a researcher")}
      onKeyDown={onKeyDown}
    >
      <Stack>
        <Radio.Group
          label={t("What is wrong? You keep the task and go on.")}
          value={kind}
          onChange={(value) => setWritten({ ...written, kind: value as FlagKind })}
        >
          <Stack gap={8} mt="xs">
            {KINDS.map(({ value, label }, index) => (
              <Radio
                key={value}
                value={value}
                data-autofocus={index === 0 || undefined}
                label={
                  <Group gap={8} wrap="nowrap">
                    <Key name={String(index + 1)} />
                    {t(label)}
                  </Group>
                }
              />
            ))}
          </Stack>
        </Radio.Group>
        {kind === "broken" && assignment.responses.length > 0 && (
          <div>
            <p className={classes.about}>
              {t("Which output? Leave the dash if it is all of them or hard to say.")}
            </p>
            <SegmentedControl
              size="sm"
              aria-label={t("Which output?")}
              value={response ?? ""}
              onChange={(value) => setWritten({ ...written, response: value || null })}
              data={[
                { value: "", label: "–" },
                ...assignment.responses.map(({ id, letter: name }) => ({ value: String(id), label: name })),
              ]}
            />
          </div>
        )}
        <Textarea
          ref={noteField}
          label={t("Note for the researcher, if it helps")}
          maxLength={10_000}
          autosize
          minRows={2}
          maxRows={8}
          dir="auto"
          value={note}
          onChange={(event) => setWritten({ ...written, note: event.currentTarget.value })}
        />
        <LetterState letter={letter as FlagLetter | undefined} />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {letter && !letter.refused ? t("Go on with the task") : t("Cancel")}
          </Button>
          <Button
            disabled={!kind}
            loading={letter !== undefined && !letter.refused}
            rightSection={<Key name="Ctrl ↵" />}
            onClick={send}
          >
            {t("Flag")}
          </Button>
        </Group>
        <OwnFlags taskId={taskId} />
      </Stack>
    </Dialog>
  );
}

/** Says after a moment that it is on its way still; most have arrived by then. */
function LetterState({ letter }: { letter: FlagLetter | undefined }) {
  const { t } = useTranslation();
  const [isLate, setLate] = useState(false);
  const key = letter?.key;
  useEffect(() => {
    setLate(false);
    if (!key) return;
    const timer = setTimeout(() => setLate(true), 1_500);
    return () => clearTimeout(timer);
  }, [key]);
  if (letter?.refused)
    return (
      <Alert color="red" role="alert" title={t("Not sent")}>
        {letter.refused}
      </Alert>
    );
  if (!letter || !isLate) return null;
  return (
    <Alert color="yellow" role="status" title={t("Kept in this browser")}>
      {t("The server cannot be reached. Your flag is sent as soon as it can be; you can go on.")}
    </Alert>
  );
}

/** What this person has flagged here before, and what became of it. */
function OwnFlags({ taskId }: { taskId: number }) {
  const { t } = useTranslation();
  const { data } = $api.useQuery("get", "/api/v1/reports", { params: { query: { page_size: 50 } } });
  const own = data?.results.filter((report) => report.task_id === taskId && report.kind === "flag") ?? [];
  if (!own.length) return null;
  return (
    <div>
      <p className={classes.about}>{t("Your flags of this task")}</p>
      <ul className={classes.own}>
        {own.map((report) => (
          <li key={report.id}>
            {t(KINDS.find(({ value }) => value === report.reason)?.label ?? report.reason)}
            {" · "}
            {report.action ? t(OUTCOME[report.action]) : t("Not looked at yet")}
          </li>
        ))}
      </ul>
    </div>
  );
}

const OUTCOME = {
  answer: msg("Answered"),
  correct: msg("Corrected"),
  replace: msg("Replaced by a corrected prompt"),
  withdraw: msg("Task withdrawn"),
  dismiss: msg("Nothing to change"),
} as const;
