import { Button } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { $api, api, invalidate, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { useMe } from "@/api/session";
import { newUuid } from "@/api/uuid";
import classes from "@/features/review/Review.module.css";
import { Composer, Messages, type ThreadMessage } from "@/ui/Messages";
import { Section } from "@/ui/Page";
import { StatusBadge } from "@/ui/StatusBadge";
import { toast } from "@/ui/toasts";

type Reviewed = Schemas["ReviewedTask"];
type Thread = Schemas["ReviewedThread"];

/** Each labeler's thread apart: none of them reads another's. */
export function TaskThreads({ reviewed }: { reviewed: Reviewed }) {
  if (!reviewed.threads.length) return null;
  return (
    <Section title="Questions" description="Each labeler reads only their own. Publish what helps everybody.">
      {reviewed.threads.map((thread) => (
        <OneThread key={thread.labeler_id} thread={thread} />
      ))}
    </Section>
  );
}

function OneThread({ thread }: { thread: Thread }) {
  const me = useMe();
  const [text, setText] = useState("");
  const [key, setKey] = useState(newUuid);
  const [published, setPublished] = useState<ThreadMessage | null>(null);
  const firstRead = useRef(thread.last_read_id);
  const path = { task_id: thread.task_id ?? 0 };
  const labeler_id = thread.labeler_id ?? 0;
  const newest = thread.messages.at(-1)?.id ?? 0;
  const taskId = path.task_id;
  useEffect(() => {
    if (newest <= thread.last_read_id) return;
    const body = { message_id: newest, labeler_id };
    api
      .PUT("/api/v1/tasks/{task_id}/thread/read", { params: { path: { task_id: taskId } }, body })
      .catch(() => undefined);
  }, [newest, thread.last_read_id, labeler_id, taskId]);
  const send = $api.useMutation("post", "/api/v1/tasks/{task_id}/thread", {
    onSuccess: () => {
      setText("");
      setKey(newUuid());
      return invalidate("/api/v1/review/{task_id}", "/api/v1/review", "/api/v1/review/counts");
    },
  });
  const isOpen = thread.messages.some((message) => message.is_open);
  return (
    <div className={classes.thread}>
      <div className={classes.head}>
        <strong>{thread.labeler}</strong>
        {isOpen && <StatusBadge tone="warn">Waits for an answer</StatusBadge>}
      </div>
      <Messages
        label={`Messages with ${thread.labeler}`}
        messages={thread.messages}
        ownId={me.id}
        lastReadId={firstRead.current}
        below={(message) =>
          message.author.is_researcher && (
            <Button size="compact-xs" variant="subtle" onClick={() => setPublished(message)}>
              Publish to the project
            </Button>
          )
        }
      />
      {published && <Publish message={published} thread={thread} onDone={() => setPublished(null)} />}
      <Composer
        label={`Answer to ${thread.labeler}`}
        placeholder={`Answer to ${thread.labeler}`}
        value={text}
        onChange={setText}
        onSend={() =>
          send.mutate({
            params: { path },
            body: { idempotency_key: key, body: text, labeler_id, last_message_id: newest },
          })
        }
        isSending={send.isPending}
        error={send.error ? errorMessage(send.error) : null}
        action="Answer"
      />
    </div>
  );
}

type PublishProps = { message: ThreadMessage; thread: Thread; onDone: () => void };

/** The question before the answer is proposed with it, without its author's name; all of it can be reworded. */
function Publish({ message, thread, onDone }: PublishProps) {
  const asked = thread.messages
    .filter(({ id, author }) => id < Number(message.id) && !author.is_researcher)
    .at(-1);
  const quoted = asked ? `${asked.body.replace(/^/gm, "> ")}\n\n` : "";
  const [text, setText] = useState(quoted + message.body);
  const [key] = useState(newUuid);
  const publish = $api.useMutation("post", "/api/v1/messages/{message_id}/publish", {
    onSuccess: () => {
      toast({ message: "Everybody in the project can read it now." });
      onDone();
      return invalidate("/api/v1/projects/{project_id}/thread", "/api/v1/review/threads");
    },
  });
  return (
    <div className={classes.thread}>
      <div className={classes.dim}>
        For everybody in the project. Say nothing here that gives away how a task should be answered.
      </div>
      <Composer
        label="Text for everybody in the project"
        value={text}
        onChange={setText}
        onSend={() =>
          publish.mutate({
            params: { path: { message_id: Number(message.id) } },
            body: { idempotency_key: key, body: text },
          })
        }
        isSending={publish.isPending}
        error={publish.error ? errorMessage(publish.error) : null}
        action="Publish"
      />
      <Button
        size="compact-xs"
        variant="subtle"
        color="gray"
        onClick={onDone}
        style={{ justifySelf: "start" }}
      >
        Do not publish
      </Button>
    </div>
  );
}
