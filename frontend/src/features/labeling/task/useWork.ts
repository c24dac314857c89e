/**
 * Everything between a labeling screen and the outside: draft, lease, clocks, submission. The screens say what is typed and
 * show what this says; they know no request.
 */
import { useCallback, useEffect, useRef, useState } from "react";
import { api } from "@/api/client";
import { ApiError, errorMessage } from "@/api/errors";
import { useMe } from "@/api/session";
import { Autosave, type SaveState } from "@/features/labeling/task/autosave";
import { chooseDraft, draftKey, readLocalDraft, removeOldDrafts } from "@/features/labeling/task/localDraft";
import { IdempotencyKeys, untilArrived } from "@/features/labeling/task/submission";
import type { Assignment, Said, WorkMode } from "@/features/labeling/task/types";
import { useLease } from "@/features/labeling/task/useLease";
import { type Spent, useWorkClock, type WorkClock } from "@/features/labeling/task/workClock";

export type Problem =
  | { kind: "lost"; message: string }
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
  submit: (said: Said) => Promise<void>;
  sending: { isSending: boolean; attempt: number };
};

type StoredDraft = { content?: unknown; spent?: Partial<Spent> };

type UseWorkOptions = { assignment: Assignment; mode: WorkMode; onDone: () => void };

export function useWork({ assignment, mode, onDone }: UseWorkOptions): Work {
  const key = draftKey(useMe().id, assignment.id, mode);
  const [chosen] = useState(() => {
    removeOldDrafts(localStorage);
    return chooseDraft(readLocalDraft(localStorage, key), mode === "label" ? assignment.draft : null);
  });
  const stored = chosen.content as StoredDraft | null;
  const clock = useWorkClock(spentBefore(stored, assignment));
  const [problem, setProblem] = useState<Problem | null>(null);
  const refused = useCallback((error: ApiError) => setProblem(problemOf(error)), []);
  const lease = useLease({ assignment, isHeld: mode === "label" && !problem, clock, onLost: refused });
  const { autosave, save } = useAutosave({
    assignment,
    mode,
    storageKey: key,
    chosen,
    lease,
    refused,
  });
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

  const finish = useCallback(() => {
    autosave.current?.finish();
    onDone();
  }, [autosave, onDone]);
  const { submit, sending } = useSubmit({ assignment, mode, clock, lease, refused, finish });

  return {
    stored: stored?.content ?? null,
    otherCopy: (chosen.other as StoredDraft | null)?.content ?? null,
    clock,
    save,
    problem,
    dismissProblem: useCallback(() => setProblem(null), []),
    keepMine,
    change,
    submit,
    sending,
  };
}

function spentBefore(stored: StoredDraft | null, assignment: Assignment): Spent {
  const said = assignment.submission;
  return {
    elapsed: stored?.spent?.elapsed ?? said?.elapsed_seconds ?? 0,
    active: stored?.spent?.active ?? said?.active_seconds ?? 0,
  };
}

function problemOf(error: ApiError): Problem {
  const { message } = error;
  if (error.code === "draft_conflict") {
    const other = (error.data.content as StoredDraft | null)?.content ?? null;
    return { kind: "conflict", message, other, revision: Number(error.data.revision) };
  }
  if (error.code === "already_submitted") return { kind: "submitted", message };
  if (error.status === 404 || error.status === 409) return { kind: "lost", message };
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
  const place =
    chosen.content === null ? "untouched" : chosen.isAhead || mode === "revise" ? "here" : "server";
  const [save, setSave] = useState<SaveState>({ place, at: null });
  const { revision } = chosen;
  const autosave = useRef<Autosave | null>(null);
  const assignmentId = assignment.id;
  const { token, renewed } = lease;
  useEffect(() => {
    const created = new Autosave({
      storage: localStorage,
      key: storageKey,
      revision,
      save:
        mode === "label"
          ? (content, base) =>
              saveDraft(assignmentId, { content, revision: base, lease_token: token.current })
          : null,
      onState: setSave,
      onSaved: (saved) => renewed(saved.lease_expires_at),
      onRefused: refused,
    });
    autosave.current = created;
    const flush = () => created.flush();
    const retry = () => created.retryNow();
    window.addEventListener("pagehide", flush);
    document.addEventListener("visibilitychange", flush);
    window.addEventListener("online", retry);
    return () => {
      created.flush();
      created.dispose();
      window.removeEventListener("pagehide", flush);
      document.removeEventListener("visibilitychange", flush);
      window.removeEventListener("online", retry);
    };
  }, [assignmentId, mode, storageKey, revision, token, renewed, refused]);
  return { autosave, save };
}

async function saveDraft(
  assignmentId: number,
  body: { content: unknown; revision: number; lease_token: string | null },
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
  clock: WorkClock;
  lease: LeaseHandle;
  refused: (error: ApiError) => void;
  finish: () => void;
};

function useSubmit({ assignment, mode, clock, lease, refused, finish }: UseSubmitOptions) {
  const [keys] = useState(() => new IdempotencyKeys());
  const [sending, setSending] = useState({ isSending: false, attempt: 0 });
  const isBusy = useRef(false);
  const page = useRef(new AbortController());
  useEffect(() => {
    page.current = new AbortController();
    return () => page.current.abort();
  }, []);

  const submit = async (said: Said) => {
    if (isBusy.current) return;
    isBusy.current = true;
    setSending({ isSending: true, attempt: 0 });
    const signal = page.current.signal;
    const content = { ...said, instruction_version_id: assignment.instruction_version.id };
    const body = () => ({
      ...content,
      idempotency_key: keys.keyFor(content),
      elapsed_seconds: clock.spent().elapsed,
      active_seconds: clock.spent().active,
    });
    const params = { path: { assignment_id: assignment.id } };
    const send = () =>
      mode === "revise"
        ? api.POST("/api/v1/assignments/{assignment_id}/revise", { params, body: body() })
        : api.POST("/api/v1/assignments/{assignment_id}/submit", {
            params,
            body: { ...body(), lease_token: lease.token.current ?? "" },
          });
    try {
      await untilArrived(send, { onRetry: (attempt) => setSending({ isSending: true, attempt }), signal });
      finish();
    } catch (error) {
      refused(error instanceof ApiError ? error : new ApiError(400, { message: errorMessage(error) }));
    } finally {
      isBusy.current = false;
      setSending({ isSending: false, attempt: 0 });
    }
  };
  return { submit, sending };
}
