import { SegmentedControl, Text, Textarea } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { memo, type ReactNode, type Ref, useId } from "react";
import { useTranslation } from "react-i18next";
import { Markdown } from "@/ui/Markdown";
import { applyChange, changeFor } from "@/ui/markdownEditing";
import { useSettled } from "@/ui/useSettled";
import { useVisibleHeight } from "@/ui/useVisibleHeight";
import classes from "@/ui/Writer.module.css";

const LAYOUTS = ["write", "both", "preview"] as const;
type Layout = (typeof LAYOUTS)[number];

type WriterProps = {
  label: string;
  description?: ReactNode;
  placeholder?: string;
  value: string;
  onChange: (value: string) => void;
  maxLength: number;
  error?: ReactNode;
  /** Shows the preview as typed, without formatting. */
  isPlain?: boolean;
  /** How high the field is while there is little in it. */
  least?: string;
  ref?: Ref<HTMLTextAreaElement>;
};

/** A Markdown editor that stays a text field: Tab leaves it, and the browser's own undo and spelling work. */
export function Writer(props: WriterProps) {
  const { t } = useTranslation();
  const [stored, setLayout] = useLocalStorage<Layout>({
    key: "labelapp:editor-layout",
    defaultValue: "write",
    getInitialValueInEffect: false,
  });
  const layout = LAYOUTS.includes(stored) ? stored : "write";
  useVisibleHeight();
  const style = props.least ? ({ "--writer-least": props.least } as React.CSSProperties) : undefined;
  return (
    <div className={classes.writer} style={style}>
      <div className={classes.head}>
        <h2 className={classes.label} style={{ margin: 0 }}>
          {props.label}
        </h2>
        <SegmentedControl
          size="xs"
          aria-label={t("Write or preview")}
          data={[
            { value: "write", label: t("Write") },
            { value: "both", label: t("Both") },
            { value: "preview", label: t("Preview") },
          ]}
          value={layout}
          onChange={(value) => setLayout(value as Layout)}
        />
      </div>
      {props.description && <p className={classes.description}>{props.description}</p>}
      <div className={classes.panes} data-layout={layout}>
        {layout !== "preview" && <Field {...props} />}
        {layout !== "write" && <Preview text={props.value} isPlain={props.isPlain ?? false} />}
      </div>
      {layout === "preview" && props.error && <Text c="var(--mantine-color-error)">{props.error}</Text>}
    </div>
  );
}

function Field({ label, placeholder, value, onChange, maxLength, error, ref }: WriterProps) {
  const { t } = useTranslation();
  const keys = useId();
  const onKeyDown = (event: React.KeyboardEvent<HTMLTextAreaElement>) => {
    const field = event.currentTarget;
    const selection = { start: field.selectionStart, end: field.selectionEnd };
    const change = changeFor(event.nativeEvent, field.value, selection);
    if (!change || field.value.length + change.insert.length > maxLength) return;
    event.preventDefault();
    applyChange(field, change);
  };
  return (
    <>
      <Textarea
        ref={ref ?? null}
        aria-label={label}
        aria-describedby={keys}
        placeholder={placeholder}
        maxLength={maxLength}
        dir="auto"
        spellCheck
        value={value}
        error={error}
        classNames={{ input: classes.field ?? "" }}
        onKeyDown={onKeyDown}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <span id={keys} hidden>
        {t("Control B for bold, I for italic, E for code, K for a link. Tab leaves the field.")}
      </span>
    </>
  );
}

const Rendered = memo(Markdown);

function Preview({ text, isPlain }: { text: string; isPlain: boolean }) {
  const { t } = useTranslation();
  const settled = useSettled(text);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable by keyboard
    <section className={classes.preview} aria-label={t("Preview")} tabIndex={0} dir="auto">
      {settled.trim() ? (
        <Rendered text={settled} isPlain={isPlain} />
      ) : (
        <Text c="dimmed">{t("Nothing yet.")}</Text>
      )}
    </section>
  );
}
