/** A thread comes with its newest messages; those before them are fetched when somebody asks for them. */
import { useState } from "react";
import { api, type Schemas } from "@/api/client";

type Thread = Schemas["Thread"];
/** Messages without a gap, oldest first, and how many there are before them. */
export type Part = Pick<Thread, "messages" | "earlier_count">;

/** Two parts as one. Where messages may be missing between them, the newer part alone. */
export function joined(known: Part | undefined, part: Part): Part {
  const [first] = part.messages;
  const [oldest, newest] = [known?.messages[0], known?.messages.at(-1)];
  if (!known || !first || !oldest || !newest) return part;
  if (first.id > newest.id && part.earlier_count > known.earlier_count + known.messages.length) return part;
  const byId = new Map([...known.messages, ...part.messages].map((message) => [message.id, message]));
  const messages = [...byId.values()].sort((one, other) => one.id - other.id);
  return { messages, earlier_count: (first.id < oldest.id ? part : known).earlier_count };
}

async function before(thread: Thread, messageId: number): Promise<Part | undefined> {
  const query = { before: messageId };
  const { project_id, task_id } = thread;
  const answer =
    task_id === null
      ? await api.GET("/api/v1/projects/{project_id}/thread", { params: { path: { project_id }, query } })
      : await api.GET("/api/v1/tasks/{task_id}/thread", { params: { path: { task_id }, query } });
  return answer.data;
}

/** All messages that are known by now, and the way to those before them. */
export function useMessages(thread: Thread | undefined) {
  const [latest, setLatest] = useState<Thread>();
  const [known, setKnown] = useState<Part>();
  const [isLoading, setLoading] = useState(false);
  const [error, setError] = useState<unknown>(null);
  if (thread && thread !== latest) {
    setLatest(thread);
    setKnown(joined(known, thread));
  }
  const oldest = known?.messages[0];
  const load = async () => {
    if (!thread || !oldest || isLoading) return;
    setLoading(true);
    setError(null);
    try {
      const part = await before(thread, oldest.id);
      if (part) setKnown((now) => joined(now, part));
    } catch (failure) {
      setError(failure);
    } finally {
      setLoading(false);
    }
  };
  const earlier = { count: known?.earlier_count ?? 0, isLoading, onLoad: () => void load() };
  return { messages: known?.messages ?? [], earlier, error };
}
