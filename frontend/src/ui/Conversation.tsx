import { useTranslation } from "react-i18next";
import classes from "@/ui/Conversation.module.css";
import { Markdown } from "@/ui/Markdown";

export type Message = { role: string; content: string };

/** A prompt as its turns. A single user message needs no name over it. */
export function Conversation({ messages, isPlain = false }: { messages: Message[]; isPlain?: boolean }) {
  const { t } = useTranslation();
  const speakers: Record<string, string> = {
    system: t("System"),
    user: t("User"),
    assistant: t("Assistant"),
  };
  const [only] = messages;
  if (messages.length === 1 && only?.role === "user")
    return <Markdown text={only.content} isPlain={isPlain} />;
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
