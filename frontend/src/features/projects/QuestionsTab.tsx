import { Stack } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { $api, api, invalidate, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { useMe } from "@/api/session";
import { newUuid } from "@/api/uuid";
import { EmptyState } from "@/ui/EmptyState";
import { FieldErrors } from "@/ui/FieldErrors";
import { Composer, Messages } from "@/ui/Messages";
import { Section } from "@/ui/Page";

const PATH = "/api/v1/projects/{project_id}/thread";

/** What the members asked in front of everybody, and what they were told. */
export function QuestionsTab({ project }: { project: Schemas["Project"] }) {
  const me = useMe();
  const params = { path: { project_id: project.id } };
  const { data: thread, error } = $api.useQuery("get", PATH, { params });
  const [text, setText] = useState("");
  const [key, setKey] = useState(newUuid);
  const firstRead = useRef<number>(undefined);
  if (firstRead.current === undefined && thread) firstRead.current = thread.last_read_id;
  const newest = thread?.messages.at(-1)?.id ?? 0;
  const projectId = project.id;
  useEffect(() => {
    if (!thread || newest <= thread.last_read_id) return;
    const path = { project_id: projectId };
    api
      .PUT("/api/v1/projects/{project_id}/thread/read", { params: { path }, body: { message_id: newest } })
      .then(() => invalidate("/api/v1/threads", "/api/v1/review/threads"))
      .catch(() => undefined);
  }, [thread, newest, projectId]);
  const send = $api.useMutation("post", PATH, {
    onSuccess: () => {
      setText("");
      setKey(newUuid());
      return invalidate(PATH, "/api/v1/review/counts", "/api/v1/review/threads");
    },
  });
  return (
    <Section
      title="Questions"
      description="Every member of the project reads this thread, and every researcher."
    >
      <Stack>
        {error && <FieldErrors message={errorMessage(error)} />}
        {thread && !thread.messages.length && (
          <EmptyState title="Nobody has asked yet">
            Labelers ask here from beside their task. You can also write first.
          </EmptyState>
        )}
        {thread && thread.messages.length > 0 && (
          <Messages
            label="Messages"
            messages={thread.messages}
            ownId={me.id}
            lastReadId={firstRead.current ?? newest}
          />
        )}
        <Composer
          label="Message to everybody in the project"
          placeholder="Message to everybody in the project"
          value={text}
          onChange={setText}
          onSend={() =>
            send.mutate({
              params,
              body: { idempotency_key: key, body: text, last_message_id: thread && newest },
            })
          }
          isSending={send.isPending}
          error={send.error ? errorMessage(send.error) : null}
          action="Send"
        />
      </Stack>
    </Section>
  );
}
