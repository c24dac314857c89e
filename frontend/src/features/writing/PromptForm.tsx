import { Button, SegmentedControl, Select, Textarea } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, errorMessage } from "@/api/errors";
import { AnnotationsField } from "@/features/writing/AnnotationsField";
import {
  type Content,
  comparedText,
  type Kind,
  MAX_LENGTH,
  MAX_SOURCE_LENGTH,
  missing,
  type UseCase,
} from "@/features/writing/content";
import { FewShotFields } from "@/features/writing/FewShotFields";
import { KeptLabel } from "@/features/writing/KeptLabel";
import { RevealingNotice } from "@/features/writing/RevealingNotice";
import { SimilarPrompts } from "@/features/writing/SimilarPrompts";
import { KINDS, USE_CASES } from "@/features/writing/texts";
import type { Draft } from "@/features/writing/useDraft";
import classes from "@/features/writing/Writing.module.css";
import { FieldErrors } from "@/ui/FieldErrors";
import { heightOf } from "@/ui/heights";
import { Key } from "@/ui/Key";
import { LanguageSelect } from "@/ui/LanguageSelect";
import { TextLink } from "@/ui/links";
import { TextCount } from "@/ui/TextCount";
import { useWriteAtOnce } from "@/ui/useWriteAtOnce";
import { Writer } from "@/ui/Writer";

const footer = heightOf("--footer-height");

type PromptFormProps = {
  draft: Draft;
  /** The one that is being edited, which resembles itself. */
  writtenId: number | null;
  submitLabel: string;
  onSubmit: (content: Content) => Promise<unknown>;
};

export function PromptForm({ draft, writtenId, submitLabel, onSubmit }: PromptFormProps) {
  const { t } = useTranslation();
  const { content, change, place } = draft;
  const form = useRef<HTMLFormElement>(null);
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  useWriteAtOnce(() => (writtenId === null ? form.current?.querySelector("textarea") : null));

  const write = (part: Partial<Content>) => {
    setWrong({});
    setFailure(null);
    change(part);
  };
  const refuse = (found: Record<string, string>) => {
    setWrong(found);
    const [first] = Object.keys(found);
    const field = form.current?.querySelector<HTMLElement>(`[data-field="${first}"]`);
    (field?.querySelector<HTMLElement>("textarea, input") ?? field)?.focus();
  };
  const submit = async () => {
    const found = missing(content);
    if (Object.keys(found).length) return refuse(found);
    if (isBusy) return;
    setBusy(true);
    setFailure(null);
    try {
      await onSubmit(content);
    } catch (error) {
      setFailure(error);
      if (error instanceof ApiError) refuse(byField(error));
    } finally {
      setBusy(false);
    }
  };
  const error = (field: string) => (wrong[field] ? t(wrong[field]) : undefined);
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat) return;
    event.preventDefault();
    void submit();
  };
  return (
    <form
      ref={form}
      noValidate
      onKeyDown={onKeyDown}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void submit();
      }}
    >
      <div className={classes.form}>
        <div className={classes.writing}>
          <KindField kind={content.kind} onChange={(kind) => write({ kind })} />
          <KindFields content={content} change={write} error={error} />
          <SimilarPrompts text={comparedText(content)} exceptId={writtenId} />
        </div>
        <div className={classes.about}>
          <AboutFields content={content} change={write} error={error} />
        </div>
      </div>
      <Failure error={failure} wrong={wrong} />
      <div className={classes.footer} ref={footer}>
        <TextCount text={comparedText(content)} max={MAX_LENGTH} />
        <span className={classes.footerEnd}>
          <KeptLabel place={place} />
          <Button
            type="submit"
            loading={isBusy}
            rightSection={<Key name="Ctrl ↵" />}
            aria-keyshortcuts="Control+Enter"
          >
            {submitLabel}
          </Button>
        </span>
      </div>
    </form>
  );
}

function byField(error: ApiError): Record<string, string> {
  return Object.fromEntries(error.errors.map(({ field, message }) => [field, message]));
}

function KindField({ kind, onChange }: { kind: Kind; onChange: (kind: Kind) => void }) {
  const { t } = useTranslation();
  const explained = KINDS.find(({ value }) => value === kind)?.explained ?? "";
  return (
    <div>
      <SegmentedControl
        aria-label={t("Kind")}
        value={kind}
        onChange={(value) => onChange(value as Kind)}
        data={KINDS.map(({ value, label }) => ({ value, label: t(label) }))}
      />
      <p className={classes.dimmed} style={{ margin: "0.375rem 0 0" }}>
        {t(explained)}
      </p>
    </div>
  );
}

type FieldsProps = {
  content: Content;
  change: (change: Partial<Content>) => void;
  error: (field: string) => string | undefined;
};

function KindFields({ content, change, error }: FieldsProps) {
  const { t } = useTranslation();
  if (content.kind === "few_shot") return <FewShotFields content={content} change={change} error={error} />;
  const isUserBased = content.kind === "user_based";
  return (
    <>
      {isUserBased && (
        <Textarea
          label={t("The use case")}
          description={t(
            "As it was given to you. Researchers can look it up; no labeler sees it and no dataset gets it.",
          )}
          data-field="source"
          dir="auto"
          maxLength={MAX_SOURCE_LENGTH}
          value={content.source}
          error={error("source")}
          classNames={{ input: classes.grows ?? "" }}
          onChange={(event) => change({ source: event.currentTarget.value })}
        />
      )}
      <div data-field="text">
        <Writer
          label={t("Prompt")}
          placeholder={t("What would you ask? Markdown works.")}
          least="14rem"
          maxLength={MAX_LENGTH}
          value={content.text}
          error={error("text")}
          onChange={(text) => change({ text })}
        />
      </div>
      {isUserBased && <RevealingNotice source={content.source} text={content.text} />}
    </>
  );
}

function AboutFields({ content, change, error }: FieldsProps) {
  const { t, i18n } = useTranslation();
  return (
    <>
      <div data-field="use_case">
        <Select
          label={t("Use case")}
          withAsterisk
          placeholder={t("Choose one")}
          data={USE_CASES.map(({ value, label }) => ({ value, label: t(label) }))}
          value={content.use_case}
          error={error("use_case")}
          allowDeselect={false}
          maxDropdownHeight={400}
          onChange={(value) => change({ use_case: value as UseCase | null })}
        />
      </div>
      <div data-field="language">
        <LanguageSelect
          label={t("Language")}
          placeholder={t("Not said")}
          nothingFoundMessage={t("No language of that name. Its code works too, such as pt-BR.")}
          shownIn={i18n.language}
          value={content.language}
          error={error("language")}
          onChange={(language) => change({ language })}
        />
      </div>
      <AnnotationsField value={content.annotations} onChange={(annotations) => change({ annotations })} />
    </>
  );
}

const FIELDS = /^(text|source|instruction|use_case|language|pairs\.\d+\.(query|response))$/;

/** What no field can say; an exact duplicate leads to the earlier prompt. */
function Failure({ error, wrong }: { error: unknown; wrong: Record<string, string> }) {
  const { t } = useTranslation();
  if (!error) return null;
  const writtenId = error instanceof ApiError ? error.data.written_id : null;
  const others = Object.entries(wrong).filter(([field]) => !FIELDS.test(field));
  const isSaid = Object.keys(wrong).length > 0 && !others.length && typeof writtenId !== "number";
  if (isSaid) return null;
  return (
    <FieldErrors
      message={
        <>
          {others.length ? others.map(([, message]) => message).join(" ") : errorMessage(error)}{" "}
          {typeof writtenId === "number" && (
            <TextLink to="/write/$writtenId" params={{ writtenId: String(writtenId) }} target="_blank">
              {t("Open the earlier one")}
            </TextLink>
          )}
        </>
      }
    />
  );
}
