import { SegmentedControl } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { $api, api, invalidate, type Schemas } from "@/api/client";
import { useMessages } from "@/api/earlierMessages";
import { errorMessage } from "@/api/errors";
import { useMe } from "@/api/session";
import { newUuid } from "@/api/uuid";
import { type QuestionLetter, useLetters } from "@/features/labeling/task/letters";
import { SidePanel } from "@/features/labeling/task/SidePanel";
import classes from "@/features/labeling/task/SidePanel.module.css";
import { type Assignment, isAhead } from "@/features/labeling/task/types";
import type { UnreadCounts } from "@/features/labeling/task/useUnread";
import { FieldErrors } from "@/ui/FieldErrors";
import { Composer, Messages, type ThreadMessage } from "@/ui/Messages";

type Scope = "task" | "project";
type ThreadPanelProps = { assignment: Assignment; unread: UnreadCounts; onClose: () => void };

/** Questions about this task, which only its asker and the researchers see, and those of the whole project. */
export default function ThreadPanel({ assignment, unread, onClose }: ThreadPanelProps) {
  const { t } = useTranslation();
  const [scope, setScope] = useState<Scope>(unread.project && !unread.task ? "project" : "task");
  return (
    <SidePanel title={t("Questions")} close={t("Close the questions")} onClose={onClose}>
      <SegmentedControl
        className={classes.views}
        size="xs"
        fullWidth
        aria-label={t("Whose questions")}
        value={scope}
        onChange={(value) => setScope(value as Scope)}
        data={[
          { value: "task", label: <Counted text={t("This task")} count={unread.task} /> },
          { value: "project", label: <Counted text={t("The whole project")} count={unread.project} /> },
        ]}
      />
      <p className={classes.about}>
        {scope === "task"
          ? t("Only you and the researchers read this. Nobody else who answers the task does.")
          : t("Everybody in the project reads this. Do not discuss the answer to a task here.")}
      </p>
      <ThreadOf key={scope} scope={scope} assignment={assignment} />
      {unread.elsewhere > 0 && (
        <p className={classes.about}>
          <Link to="/questions">
            {t("{{count}} new answers to your other questions", { count: unread.elsewhere })}
          </Link>
        </p>
      )}
    </SidePanel>
  );
}

function Counted({ text, count }: { text: string; count: number }) {
  return (
    <span>
      {text}
      {count > 0 && <span className={classes.count}>{count}</span>}
    </span>
  );
}

function useThread(scope: Scope, assignment: Assignment) {
  const task = $api.useQuery(
    "get",
    "/api/v1/tasks/{task_id}/thread",
    { params: { path: { task_id: assignment.task_id } } },
    { enabled: scope === "task" && !isAhead(assignment) },
  );
  const project = $api.useQuery(
    "get",
    "/api/v1/projects/{project_id}/thread",
    { params: { path: { project_id: assignment.project.id } } },
    { enabled: scope === "project" },
  );
  return scope === "task" ? task : project;
}

async function markRead(thread: Schemas["Thread"], messageId: number): Promise<void> {
  const body = { message_id: messageId };
  if (thread.task_id !== null)
    await api.PUT("/api/v1/tasks/{task_id}/thread/read", {
      params: { path: { task_id: thread.task_id } },
      body,
    });
  else
    await api.PUT("/api/v1/projects/{project_id}/thread/read", {
      params: { path: { project_id: thread.project_id } },
      body,
    });
  await invalidate("/api/v1/threads");
}

function ThreadOf({ scope, assignment }: { scope: Scope; assignment: Assignment }) {
  const { t } = useTranslation();
  const me = useMe();
  const { data: thread, error } = useThread(scope, assignment);
  const { messages: known, earlier, error: earlierError } = useMessages(thread);
  const failure = error ?? earlierError;
  const { waiting, write } = useLetters();
  const [text, setText] = useState("");
  // Where the "new" line stands, for as long as the thread is open.
  const firstRead = useRef<number>(undefined);
  if (firstRead.current === undefined && thread) firstRead.current = thread.last_read_id;
  const newest = thread?.messages.at(-1)?.id ?? 0;
  useEffect(() => {
    if (thread && newest > thread.last_read_id) markRead(thread, newest).catch(() => undefined);
  }, [thread, newest]);

  // One that the thread has already is let go of a moment later: its sender waits for other answers too.
  const arrived = new Set(known.map((message) => message.idempotency_key));
  const own = waiting.filter(
    (letter): letter is QuestionLetter =>
      letter.to === scope &&
      !arrived.has(letter.key) &&
      (scope === "task" ? letter.taskId === assignment.task_id : letter.projectId === assignment.project.id),
  );
  const messages: ThreadMessage[] = [
    ...known,
    ...own.map((letter) => ({
      id: letter.key,
      author: { id: me.id, name: me.name, is_researcher: false },
      body: letter.body,
      created_at: letter.writtenAt,
      waiting: letter.refused ? `${t("Not sent")}: ${letter.refused}` : t("Kept here, being sent …"),
    })),
  ];
  const send = () => {
    const { task_id: taskId, project } = assignment;
    const writtenAt = new Date().toISOString();
    const lastMessageId = thread && newest;
    write({
      to: scope,
      key: newUuid(),
      taskId,
      projectId: project.id,
      body: text,
      lastMessageId,
      writtenAt,
      isAhead: isAhead(assignment),
    });
    setText("");
  };
  return (
    <div className={classes.thread}>
      {failure ? <FieldErrors message={errorMessage(failure)} /> : null}
      {thread && !messages.length && (
        <p className={classes.empty}>
          {scope === "task"
            ? t("Ask what you need to know; you can go on meanwhile.")
            : t("Nobody has asked yet.")}
        </p>
      )}
      {messages.length > 0 && (
        <Messages
          label={t("Messages")}
          messages={messages}
          earlier={earlier}
          ownId={me.id}
          lastReadId={firstRead.current ?? newest}
        />
      )}
      <Composer
        label={t("Your question")}
        placeholder={t("Your question")}
        value={text}
        onChange={setText}
        onSend={send}
        action={t("Ask")}
      />
    </div>
  );
}
