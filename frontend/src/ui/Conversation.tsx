import { useTranslation } from "react-i18next";
import classes from "@/ui/Conversation.module.css";
import { Markdown } from "@/ui/Markdown";

export type Message = { role: string; content: string };

type ConversationProps = {
  messages: Message[];
  isPlain?: boolean;
  /** Between the instruction and the last turn stand examples, which nobody is to answer. */
  isFewShot?: boolean;
};

/** A prompt as its turns. A single user message needs no name over it. */
export function Conversation({ messages, isPlain = false, isFewShot = false }: ConversationProps) {
  const { t } = useTranslation();
  const first = messages[0]?.role === "system" ? 1 : 0;
  if (isFewShot && messages.length > first + 2) {
    const examples = messages.slice(first, -1);
    return (
      <>
        <Turns messages={messages.slice(0, first)} isPlain={isPlain} />
        <section className={classes.examples} aria-label={t("Examples")}>
          <p className={classes.examplesTitle}>
            {t("{{count}} examples", { count: Math.ceil(examples.length / 2) })}
          </p>
          <Turns messages={examples} isPlain={isPlain} />
        </section>
        <Turns messages={messages.slice(-1)} isPlain={isPlain} />
      </>
    );
  }
  const [only] = messages;
  if (messages.length === 1 && only?.role === "user")
    return <Markdown text={only.content} isPlain={isPlain} />;
  return <Turns messages={messages} isPlain={isPlain} />;
}

function Turns({ messages, isPlain }: { messages: Message[]; isPlain: boolean }) {
  const { t } = useTranslation();
  const speakers: Record<string, string> = {
    system: t("System"),
    user: t("User"),
    assistant: t("Assistant"),
  };
  return (
    <ol className={classes.turns}>
      {messages.map((message, index) => (
        // Turns never move, so their place is their identity.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <li key={index} className={classes.turn} data-role={message.role}>
          <span className={classes.speaker}>{speakers[message.role] ?? message.role}</span>
          <Markdown text={message.content} isPlain={isPlain} />
        </li>
      ))}
    </ol>
  );
}
