/** A thread of messages and the field that adds one to it. Knows neither what it is about nor where it goes. */
import { Button, Textarea } from "@mantine/core";
import { Fragment, type KeyboardEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Key } from "@/ui/Key";
import { Markdown } from "@/ui/Markdown";
import classes from "@/ui/Messages.module.css";
import { RelativeTime } from "@/ui/RelativeTime";

export type ThreadMessage = {
  id: number | string;
  author: { id: number; name: string; is_researcher: boolean };
  body: string;
  created_at: string;
  /** Not on the server yet, and why. */
  waiting?: string;
};

type MessagesProps = {
  label: string;
  messages: ThreadMessage[];
  /** Whose page this is. */
  ownId: number;
  /** Messages of others after this one are marked as new. */
  lastReadId: number;
  /** What stands under a message. */
  below?: (message: ThreadMessage) => ReactNode;
  /** How many stand before these, and the way to them. */
  earlier?: { count: number; isLoading: boolean; onLoad: () => void };
};

export function Messages({ label, messages, ownId, lastReadId, below, earlier }: MessagesProps) {
  const { t } = useTranslation();
  const isNew = ({ id, author }: ThreadMessage) =>
    typeof id === "number" && id > lastReadId && author.id !== ownId;
  const firstNew = messages.find(isNew)?.id;
  return (
    <ol className={classes.list} aria-label={label}>
      {earlier && earlier.count > 0 && (
        <li className={classes.earlier}>
          <Button
            size="compact-sm"
            variant="subtle"
            color="gray"
            loading={earlier.isLoading}
            onClick={earlier.onLoad}
          >
            {t("{{count}} earlier messages", { count: earlier.count })}
          </Button>
        </li>
      )}
      {messages.map((message) => (
        <Fragment key={message.id}>
          {message.id === firstNew && <li className={classes.new}>{t("New")}</li>}
          <li
            className={classes.message}
            data-answer={message.author.is_researcher || undefined}
            data-waiting={message.waiting ? true : undefined}
          >
            <div className={classes.head}>
              <span className={classes.author}>
                {message.author.id === ownId ? t("You") : message.author.name}
              </span>
              {message.author.is_researcher && <span>{t("Researcher")}</span>}
              {message.waiting ? (
                <span role="status">{message.waiting}</span>
              ) : (
                <RelativeTime at={message.created_at} />
              )}
            </div>
            <div dir="auto">
              <Markdown text={message.body} />
            </div>
            {below?.(message)}
          </li>
        </Fragment>
      ))}
    </ol>
  );
}

type ComposerProps = {
  label: string;
  placeholder?: string;
  value: string;
  onChange: (value: string) => void;
  onSend: () => void;
  isSending?: boolean;
  action: string;
  error?: string | null;
};

/** Ctrl+Enter sends, as everywhere; it goes no further, or the screen behind would take it for its own. */
export function Composer(props: ComposerProps) {
  const { label, placeholder, value, onChange, onSend, isSending, action, error } = props;
  const canSend = value.trim() !== "" && !isSending;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    event.nativeEvent.stopImmediatePropagation();
    if (canSend) onSend();
  };
  return (
    <div className={classes.composer}>
      <Textarea
        aria-label={label}
        placeholder={placeholder}
        autosize
        minRows={2}
        maxRows={10}
        maxLength={10_000}
        dir="auto"
        value={value}
        error={error}
        onKeyDown={onKeyDown}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <Button
        size="compact-md"
        disabled={!canSend}
        loading={isSending ?? false}
        rightSection={<Key name="Ctrl ↵" />}
        onClick={onSend}
      >
        {action}
      </Button>
    </div>
  );
}
