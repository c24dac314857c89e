import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { $api, api, invalidate, type Schemas } from "@/api/client";
import { useMessages } from "@/api/earlierMessages";
import { errorMessage } from "@/api/errors";
import { useMe } from "@/api/session";
import { newUuid } from "@/api/uuid";
import classes from "@/features/questions/QuestionsPage.module.css";
import { FieldErrors } from "@/ui/FieldErrors";
import { TextLink } from "@/ui/links";
import { Composer, Messages } from "@/ui/Messages";

type Summary = Schemas["ThreadSummary"];

function useThread({ task_id: taskId, project_id: projectId }: Summary) {
  const task = $api.useQuery(
    "get",
    "/api/v1/tasks/{task_id}/thread",
    { params: { path: { task_id: taskId ?? 0 } } },
    { enabled: taskId !== null },
  );
  const project = $api.useQuery(
    "get",
    "/api/v1/projects/{project_id}/thread",
    { params: { path: { project_id: projectId } } },
    { enabled: taskId === null },
  );
  return taskId === null ? project : task;
}

async function markRead({ task_id, project_id }: Summary, message_id: number): Promise<void> {
  const body = { message_id };
  await (task_id === null
    ? api.PUT("/api/v1/projects/{project_id}/thread/read", { params: { path: { project_id } }, body })
    : api.PUT("/api/v1/tasks/{task_id}/thread/read", { params: { path: { task_id } }, body }));
  await invalidate("/api/v1/threads");
}

async function write({ task_id, project_id }: Summary, body: Schemas["WriteMessageRequest"]) {
  await (task_id === null
    ? api.POST("/api/v1/projects/{project_id}/thread", { params: { path: { project_id } }, body })
    : api.POST("/api/v1/tasks/{task_id}/thread", { params: { path: { task_id } }, body }));
  await invalidate(
    "/api/v1/threads",
    "/api/v1/tasks/{task_id}/thread",
    "/api/v1/projects/{project_id}/thread",
  );
}

/** One thread, open: what is new in it is marked, and read by being shown. */
export function ThreadView({ thread: summary }: { thread: Summary }) {
  const { t } = useTranslation();
  const me = useMe();
  const { data: thread, error } = useThread(summary);
  const { messages, earlier, error: earlierError } = useMessages(thread);
  const failure = error ?? earlierError;
  const [text, setText] = useState("");
  const [key, setKey] = useState(newUuid);
  const [sending, setSending] = useState<"no" | "yes" | { failed: unknown }>("no");
  const firstRead = useRef<number>(undefined);
  if (firstRead.current === undefined && thread) firstRead.current = thread.last_read_id;
  const newest = thread?.messages.at(-1)?.id ?? 0;
  useEffect(() => {
    if (thread && newest > thread.last_read_id) markRead(summary, newest).catch(() => undefined);
  }, [thread, newest, summary]);
  const send = async () => {
    setSending("yes");
    try {
      await write(summary, { idempotency_key: key, body: text, last_message_id: thread && newest });
      setText("");
      setKey(newUuid());
      setSending("no");
    } catch (failed) {
      setSending({ failed });
    }
  };
  return (
    <div className={classes.thread}>
      {failure ? <FieldErrors message={errorMessage(failure)} /> : null}
      {summary.prompt_text && (
        <div className={classes.excerpt} dir="auto">
          “{summary.prompt_text}”
        </div>
      )}
      {summary.assignment_id !== null && (
        <TextLink to="/history/$assignmentId" params={{ assignmentId: String(summary.assignment_id) }}>
          {t("Open your answer")}
        </TextLink>
      )}
      {thread && (
        <Messages
          label={t("Messages")}
          messages={messages}
          earlier={earlier}
          ownId={me.id}
          lastReadId={firstRead.current ?? newest}
        />
      )}
      <Composer
        label={t("Your message")}
        placeholder={t("Your message")}
        value={text}
        onChange={setText}
        onSend={() => void send()}
        isSending={sending === "yes"}
        error={typeof sending === "object" ? errorMessage(sending.failed) : null}
        action={t("Send")}
      />
    </div>
  );
}
