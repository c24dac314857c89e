/**
 * Everything between a labeling screen and the outside: draft, lease, clocks, submission. The screens say what is typed and
 * show what this says; they know no request.
 */
import { useCallback, useContext, useEffect, useRef, useState } from "react";
import { api } from "@/api/client";
import { ApiError, errorMessage } from "@/api/errors";
import { useMe } from "@/api/session";
import { contentAsText } from "@/features/labeling/task/asText";
import { Autosave, type SaveState } from "@/features/labeling/task/autosave";
import { chooseDraft, draftKey } from "@/features/labeling/task/localDraft";
import { outbox, Withdrawn } from "@/features/labeling/task/outbox";
import { IdempotencyKeys } from "@/features/labeling/task/submission";
import { type Done, TaskSettingContext } from "@/features/labeling/task/taskSetting";
import type { Assignment, Entry, Said, WorkMode } from "@/features/labeling/task/types";
import { useLease } from "@/features/labeling/task/useLease";
import { useOutbox } from "@/features/labeling/task/useOutbox";
import { type Spent, useWorkClock, type WorkClock } from "@/features/labeling/task/workClock";

export type Problem =
  | { kind: "lost"; message: string; code: string }
  | { kind: "submitted"; message: string }
  | { kind: "conflict"; message: string; other: unknown; revision: number }
  | { kind: "refused"; message: string };

export type Work = {
  /** What to go on with, as it was stored; null for a task that nobody has touched. */
  stored: unknown;
  /** An older copy of this browser that the server's newer one does not contain. */
  otherCopy: unknown;
  clock: WorkClock;
  save: SaveState;
  problem: Problem | null;
  dismissProblem: () => void;
  keepMine: () => void;
  change: (content: unknown) => void;
  /** What is on the screen, to be taken elsewhere. */
  asText: () => string;
  submit: (said: Said) => Promise<void>;
  sending: { isSending: boolean; attempt: number };
};

type StoredDraft = { content?: unknown; spent?: Partial<Spent> };

type UseWorkOptions = { assignment: Assignment; mode: WorkMode; onDone: (done?: Done) => void };

export function useWork({ assignment, mode, onDone }: UseWorkOptions): Work {
  const { local } = useContext(TaskSettingContext);
  const userId = useMe().id;
  const key = draftKeyOf(userId, assignment, mode);
  const [chosen] = useState(() => chooseDraft(local, assignment.draft));
  const stored = chosen.content as StoredDraft | null;
  const clock = useWorkClock(spentBefore(stored, assignment));
  const [problem, setProblem] = useState<Problem | null>(null);
  const refused = useCallback((error: ApiError) => setProblem(problemOf(error)), []);
  const lease = useLease({ assignment, isHeld: mode === "label" && !problem, clock, onLost: refused });
  const { autosave, save } = useAutosave({ assignment, mode, storageKey: key, chosen, lease, refused });
  const latest = useRef<unknown>(stored?.content ?? null);

  const change = useCallback(
    (content: unknown) => {
      latest.current = content;
      autosave.current?.change({ content, spent: clock.spent() });
    },
    [autosave, clock],
  );

  // A copy that never reached the server is sent now, before anything else is typed.
  useEffect(() => {
    if (chosen.isAhead && latest.current !== null) change(latest.current);
  }, [chosen, change]);

  // The same task under a new lease: what is on the screen goes on top of whatever the server has.
  const firstToken = useRef(assignment.lease_token);
  const revision = assignment.draft?.revision ?? 0;
  useEffect(() => {
    if (firstToken.current === assignment.lease_token) return;
    firstToken.current = assignment.lease_token;
    setProblem(null);
    if (latest.current !== null) autosave.current?.rebase(revision);
  }, [assignment.lease_token, revision, autosave]);

  const keepMine = useCallback(() => {
    if (problem?.kind === "conflict") autosave.current?.rebase(problem.revision);
    setProblem(null);
  }, [problem, autosave]);

  const finish = useCallback(
    (done: Done) => {
      onDone(done);
      void autosave.current?.finish();
    },
    [autosave, onDone],
  );
  const draft = useCallback(() => ({ content: latest.current, spent: clock.spent() }), [clock]);
  const { submit, sending } = useSubmit({
    assignment,
    mode,
    userId,
    storageKey: key,
    clock,
    lease,
    draft,
    refused,
    finish,
  });

  return {
    stored: stored?.content ?? null,
    otherCopy: (chosen.other as StoredDraft | null)?.content ?? null,
    clock,
    save,
    problem,
    dismissProblem: useCallback(() => setProblem(null), []),
    keepMine,
    change,
    asText: useCallback(() => contentAsText(latest.current), []),
    submit,
    sending,
  };
}

/** The name of this browser's copy of an assignment's draft. */
export function draftKeyOf(userId: number, assignment: Assignment, mode: WorkMode): string {
  return draftKey(userId, assignment.id, mode, mode === "revise" ? assignment.submission?.revision : 0);
}

function spentBefore(stored: StoredDraft | null, assignment: Assignment): Spent {
  const said = assignment.submission;
  return {
    elapsed: stored?.spent?.elapsed ?? said?.elapsed_seconds ?? 0,
    active: stored?.spent?.active ?? said?.active_seconds ?? 0,
  };
}

function problemOf(error: ApiError): Problem {
  const { message, code } = error;
  if (code === "draft_conflict") {
    const other = (error.data.content as StoredDraft | null)?.content ?? null;
    return { kind: "conflict", message, other, revision: Number(error.data.revision) };
  }
  if (code === "already_submitted") return { kind: "submitted", message };
  if (error.status === 404 || error.status === 409) return { kind: "lost", message, code };
  return { kind: "refused", message };
}

type LeaseHandle = {
  token: React.RefObject<string | null>;
  renewed: (expiresAt: string | null | undefined) => void;
};

type UseAutosaveOptions = {
  assignment: Assignment;
  mode: WorkMode;
  storageKey: string;
  chosen: ReturnType<typeof chooseDraft>;
  lease: LeaseHandle;
  refused: (error: ApiError) => void;
};

function useAutosave({ assignment, mode, storageKey, chosen, lease, refused }: UseAutosaveOptions) {
  const place = chosen.content === null ? "untouched" : chosen.isAhead ? "here" : "server";
  const [save, setSave] = useState<SaveState>({ place, at: null });
  const { revision } = chosen;
  const autosave = useRef<Autosave | null>(null);
  const assignmentId = assignment.id;
  const revises = mode === "revise" ? (assignment.submission?.revision ?? 0) : 0;
  const { token, renewed } = lease;
  useEffect(() => {
    const created = new Autosave({
      key: storageKey,
      revision,
      save: (content, base) =>
        saveDraft(assignmentId, { content, revision: base, lease_token: token.current, revises }),
      onState: setSave,
      onSaved: (saved) => renewed(saved.lease_expires_at),
      onRefused: refused,
    });
    autosave.current = created;
    const flush = () => void created.flush();
    const retry = () => created.retryNow();
    // Asked only where leaving would lose something: not even this browser has it.
    const ask = (event: BeforeUnloadEvent) => {
      if (!created.flush()) event.preventDefault();
    };
    window.addEventListener("beforeunload", ask);
    window.addEventListener("pagehide", flush);
    document.addEventListener("visibilitychange", flush);
    window.addEventListener("online", retry);
    return () => {
      created.flush();
      created.dispose();
      window.removeEventListener("beforeunload", ask);
      window.removeEventListener("pagehide", flush);
      document.removeEventListener("visibilitychange", flush);
      window.removeEventListener("online", retry);
    };
  }, [assignmentId, revises, storageKey, revision, token, renewed, refused]);
  return { autosave, save };
}

async function saveDraft(
  assignmentId: number,
  body: { content: unknown; revision: number; lease_token: string | null; revises: number },
): Promise<{ revision: number; lease_expires_at: string | null }> {
  const { data } = await api.PUT("/api/v1/assignments/{assignment_id}/draft", {
    params: { path: { assignment_id: assignmentId } },
    body: { ...body, content: body.content as Record<string, unknown> },
  });
  if (!data) throw new ApiError(500, { message: "The server kept no draft." });
  return data;
}

type UseSubmitOptions = {
  assignment: Assignment;
  mode: WorkMode;
  userId: number;
  storageKey: string;
  clock: WorkClock;
  lease: LeaseHandle;
  draft: () => unknown;
  refused: (error: ApiError) => void;
  finish: (done: Done) => void;
};

function useSubmit(options: UseSubmitOptions) {
  const { assignment, mode, userId, storageKey, clock, lease, draft, refused, finish } = options;
  const { preferredId } = useContext(TaskSettingContext);
  const attempt = useOutbox((state) => state.attempt);
  const [keys] = useState(() => new IdempotencyKeys());
  const [isSending, setSending] = useState(false);
  const isBusy = useRef(false);

  const entryOf = (said: Said): Entry => {
    const content = { ...said, instruction_version_id: assignment.instruction_version.id };
    const key = keys.keyFor(content);
    const { elapsed, active } = clock.spent();
    return {
      key,
      userId,
      projectId: assignment.project.id,
      projectName: assignment.project.name,
      assignmentId: assignment.id,
      mode,
      leaseToken: lease.token.current ?? "",
      body: { ...content, idempotency_key: key, elapsed_seconds: elapsed, active_seconds: active },
      draftKey: storageKey,
      draft: draft(),
      queuedAt: new Date().toISOString(),
    };
  };

  const submit = async (said: Said) => {
    if (isBusy.current) return;
    isBusy.current = true;
    setSending(true);
    const entry = entryOf(said);
    try {
      const sent = await outbox.submit(
        entry,
        mode === "label" ? { preferred_id: preferredId.current } : null,
      );
      finish({ sent, assignment, draft: entry.draft });
    } catch (error) {
      if (error instanceof Withdrawn) return;
      refused(error instanceof ApiError ? error : new ApiError(400, { message: errorMessage(error) }));
    } finally {
      isBusy.current = false;
      setSending(false);
    }
  };
  return { submit, sending: { isSending, attempt: isSending ? attempt : 0 } };
}
