/** A draft while it is written: what to begin with, where it is kept, and what becomes of it. */
import { useCallback, useEffect, useRef, useState } from "react";
import { api, type Schemas } from "@/api/client";
import { ApiError } from "@/api/errors";
import { useMe } from "@/api/session";
import { type Content, isEmpty, readContent, sameDraft } from "@/features/writing/content";
import {
  copyName,
  DraftKeeper,
  type KeptPlace,
  type LocalCopy,
  readCopy,
  writeCopy,
} from "@/features/writing/draftKeeper";

type ServerDraft = Schemas["WritingDraft"] | null;

export type Draft = {
  content: Content;
  change: (change: Partial<Content>) => void;
  place: KeptPlace;
  /** Another draft that holds what this browser had and the server's newer copy has not. */
  copyKey: string | null;
  /** Why the server does not keep it, where it does not. */
  problem: ApiError | null;
  /** It is written: forget the draft. */
  finish: () => void;
};

type UseDraftOptions = {
  /** The draft's key, or `edit-…` for a change of what is written already, which this browser alone keeps. */
  name: string;
  server: ServerDraft;
  initial: Content;
  /** Somebody changed the same draft elsewhere: what is here goes on under a key of its own. */
  onFork?: (key: string) => void;
};

export function useDraft({ name, server, initial, onFork }: UseDraftOptions): Draft {
  const { id: userId } = useMe();
  const [start] = useState(() => begin(userId, name, server));
  const [content, setContent] = useState(() => readContent(start.content) ?? initial);
  const [place, setPlace] = useState<KeptPlace>(start.place);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const latest = useRef(content);
  const keeper = useRef<DraftKeeper | null>(null);
  const fork = useRef(onFork);
  fork.current = onFork;

  useEffect(() => {
    const created = new DraftKeeper({
      storage: localStorage,
      name: copyName(userId, name),
      revision: start.revision,
      save: name.startsWith("edit-") ? null : (kept, revision) => save(name, kept, revision),
      isSame: sameDraft,
      onPlace: setPlace,
      onRefused: (error, kept) => {
        if (error.code === "draft_conflict") return fork.current?.(forked(userId, name, kept));
        setProblem(error);
      },
    });
    keeper.current = created;
    if (start.isAhead) created.change(latest.current);
    return flushing(created);
  }, [userId, name, start]);

  const change = useCallback((part: Partial<Content>) => {
    latest.current = { ...latest.current, ...part };
    setContent(latest.current);
    keeper.current?.change(latest.current);
  }, []);
  const finish = useCallback(() => keeper.current?.finish(), []);
  return { content, change, place, copyKey: start.copyKey, problem, finish };
}

type Start = Pick<Draft, "place" | "copyKey"> & { content: unknown; revision: number; isAhead: boolean };

/**
 * A browser's copy on top of what the server has is simply newer, also where the server has what this browser sent last and
 * could not hear of. On top of something older it becomes a draft of its own.
 */
function begin(userId: number, name: string, server: ServerDraft): Start {
  const local = readCopy(localStorage, copyName(userId, name));
  const revision = server?.revision ?? 0;
  const sent = local ? [...(local.sent ?? []), local.content] : [];
  if (local && (local.revision >= revision || sent.some((content) => sameDraft(content, server?.content))))
    return { content: local.content, revision, isAhead: true, place: "here", copyKey: null };
  const copyKey = local ? forked(userId, name, local.content) : null;
  return {
    content: server?.content ?? null,
    revision,
    isAhead: false,
    place: server ? "server" : "untouched",
    copyKey,
  };
}

/** Keeps `content` under a new key, as a draft that the server does not have yet. */
function forked(userId: number, name: string, content: unknown): string {
  const key = crypto.randomUUID();
  const copy: LocalCopy = { content, revision: 0, savedAt: new Date().toISOString() };
  if (writeCopy(localStorage, copyName(userId, key), copy)) localStorage.removeItem(copyName(userId, name));
  return key;
}

async function save(key: string, content: unknown, revision: number): Promise<number> {
  const read = readContent(content);
  // A form that was only opened is no draft.
  if (revision === 0 && read && isEmpty(read)) return 0;
  const { data } = await api.PUT("/api/v1/writing/drafts/{key}", {
    params: { path: { key } },
    body: { content: content as Record<string, unknown>, revision },
  });
  if (!data) throw new ApiError(500, { message: "The server kept no draft." });
  return data.revision;
}

function flushing(keeper: DraftKeeper): () => void {
  const flush = () => keeper.flush();
  window.addEventListener("pagehide", flush);
  window.addEventListener("online", flush);
  document.addEventListener("visibilitychange", flush);
  return () => {
    keeper.flush();
    keeper.dispose();
    window.removeEventListener("pagehide", flush);
    window.removeEventListener("online", flush);
    document.removeEventListener("visibilitychange", flush);
  };
}
