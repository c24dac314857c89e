/**
 * Everything between a labeling screen and the outside: draft, lease, clocks, submission. The screens say what is typed and
 * show what this says; they know no request.
 */
import { type RefObject, useCallback, useContext, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { ApiError } from "@/api/errors";
import { useMe } from "@/api/session";
import { newUuid } from "@/api/uuid";
import { contentAsText } from "@/features/labeling/task/asText";
import { Autosave, type SaveState } from "@/features/labeling/task/autosave";
import {
  type Chosen,
  chooseDraft,
  draftKey,
  type LocalDraft,
  readLocalDraft,
} from "@/features/labeling/task/localDraft";
import { outbox, Unheard, Withdrawn } from "@/features/labeling/task/outbox";
import { type Problem, problemOf } from "@/features/labeling/task/problem";
import { IdempotencyKeys } from "@/features/labeling/task/submission";
import { type Done, TaskSettingContext } from "@/features/labeling/task/taskSetting";
import {
  type Assignment,
  type Entry,
  isAhead,
  type Outcome,
  type Said,
  type SkipSaid,
  type WorkMode,
} from "@/features/labeling/task/types";
import { type Lease, useLease } from "@/features/labeling/task/useLease";
import { useOutbox } from "@/features/labeling/task/useOutbox";
import { type Spent, useWorkClock, type WorkClock } from "@/features/labeling/task/workClock";
import { toast } from "@/ui/toasts";

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
  /** Of a task that is held. Resolves to whether it has arrived. */
  skip: (why: SkipSaid) => Promise<boolean>;
  sending: { isSending: boolean; attempt: number };
};

type StoredDraft = { content?: unknown; spent?: Partial<Spent> };

type UseWorkOptions = { assignment: Assignment; mode: WorkMode; onDone: (done?: Done) => void };

export function useWork({ assignment, mode, onDone }: UseWorkOptions): Work {
  const { local, problem: before } = useContext(TaskSettingContext);
  const userId = useMe().id;
  const key = draftKeyOf(userId, assignment, mode);
  const [chosen] = useState(() => chooseDraft(local, assignment.draft));
  const stored = chosen.content as StoredDraft | null;
  const clock = useWorkClock(spentBefore(stored, assignment));
  const [problem, setProblem] = useState(before);
  const refused = useCallback((error: unknown) => setProblem(problemOf(error)), []);
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
    const isFirst = firstToken.current === null;
    if (firstToken.current === assignment.lease_token) return;
    firstToken.current = assignment.lease_token;
    if (isFirst) return; // shown ahead of its lease, and with this very draft
    setProblem(null);
    if (latest.current !== null) autosave.current?.rebase(revision);
  }, [assignment.lease_token, revision, autosave]);

  const keepMine = useCallback(() => {
    if (problem?.kind === "conflict") autosave.current?.rebase(problem.revision);
    setProblem(null);
  }, [problem, autosave]);

  const { submit, skip, sending } = useSubmit({
    assignment,
    mode,
    userId,
    storageKey: key,
    clock,
    lease,
    autosave,
    draft: useCallback(() => ({ content: latest.current, spent: clock.spent() }), [clock]),
    refused,
    onDone,
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
    skip,
    sending,
  };
}

/** What this browser has of an assignment's draft. */
export function localCopy(
  userId: number,
  assignment: Assignment,
  mode: WorkMode,
): Promise<LocalDraft | null> {
  return readLocalDraft(draftKeyOf(userId, assignment, mode));
}

function draftKeyOf(userId: number, assignment: Assignment, mode: WorkMode): string {
  return draftKey(userId, assignment.id, mode, mode === "revise" ? assignment.submission?.revision : 0);
}

function spentBefore(stored: StoredDraft | null, assignment: Assignment): Spent {
  const said = assignment.submission;
  return {
    elapsed: stored?.spent?.elapsed ?? said?.elapsed_seconds ?? 0,
    active: stored?.spent?.active ?? said?.active_seconds ?? 0,
  };
}

type UseAutosaveOptions = {
  assignment: Assignment;
  mode: WorkMode;
  storageKey: string;
  chosen: Chosen;
  lease: Lease;
  refused: (error: ApiError) => void;
};

function useAutosave({ assignment, mode, storageKey, chosen, lease, refused }: UseAutosaveOptions) {
  const place = chosen.content === null ? "untouched" : chosen.isAhead ? "here" : "server";
  const [save, setSave] = useState<SaveState>({ place, at: null });
  const { revision, sent } = chosen;
  const autosave = useRef<Autosave | null>(null);
  const assignmentId = assignment.id;
  const revises = mode === "revise" ? (assignment.submission?.revision ?? 0) : 0;
  const { token, held, renewed } = lease;
  useEffect(() => {
    const created = new Autosave({
      key: storageKey,
      revision,
      sent,
      save: async (content, base) => {
        await held;
        return saveDraft(assignmentId, { content, revision: base, lease_token: token.current, revises });
      },
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
  }, [assignmentId, revises, storageKey, revision, sent, token, held, renewed, refused]);
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

function useMounted(): RefObject<boolean> {
  const isMounted = useRef(true);
  useEffect(() => {
    isMounted.current = true;
    return () => {
      isMounted.current = false;
    };
  }, []);
  return isMounted;
}

type UseSubmitOptions = {
  assignment: Assignment;
  mode: WorkMode;
  userId: number;
  storageKey: string;
  clock: WorkClock;
  lease: Lease;
  autosave: RefObject<Autosave | null>;
  draft: () => StoredDraft;
  refused: (error: unknown) => void;
  onDone: (done: Done) => void;
};

function useSubmit(options: UseSubmitOptions) {
  const { mode, userId, storageKey, clock, lease, autosave, draft, refused, onDone } = options;
  const { t } = useTranslation();
  const { preferredId, goAhead, goBack, isOpen, withoutClaim } = useContext(TaskSettingContext);
  const isMounted = useMounted();
  // A page that is being left is still mounted while the next one is fetched, and nobody reads it any more.
  const [path] = useState(() => window.location.pathname);
  const attempt = useOutbox((state) => state.attempt);
  const [keys] = useState(() => new IdempotencyKeys());
  const [isSending, setSending] = useState(false);
  const isBusy = useRef(false);
  // While an answer waits for the lease, the assignment becomes that of the lease.
  const latest = useRef(options.assignment);
  latest.current = options.assignment;

  const answerOf = (said: Said): Outcome => {
    const content = { ...said, instruction_version_id: latest.current.instruction_version.id };
    const { elapsed, active } = clock.spent();
    const key = keys.keyFor(content);
    return {
      body: { ...content, idempotency_key: key, elapsed_seconds: elapsed, active_seconds: active },
    };
  };

  const entryOf = (outcome: Outcome): Entry => {
    const assignment = latest.current;
    const queuedAt = new Date().toISOString();
    return {
      ...outcome,
      key: outcome.body?.idempotency_key ?? newUuid(),
      userId,
      projectId: assignment.project.id,
      projectName: assignment.project.name,
      assignmentId: assignment.id,
      mode,
      leaseToken: lease.token.current ?? "",
      draftKey: storageKey,
      draft: autosave.current?.copy(draft()) ?? {
        content: draft(),
        revision: 0,
        savedAt: queuedAt,
        isAhead: true,
      },
      queuedAt,
    };
  };

  /** Returns whether it has arrived. */
  const send = async (outcome: Outcome): Promise<boolean> => {
    const own = autosave.current;
    const entry = entryOf(outcome);
    const assignment = latest.current;
    const { content } = entry.draft;
    // Whether the next task is on the screen by now.
    let hasLeft = false;
    const leave = (isSafe: boolean) => {
      hasLeft = isSafe && mode === "label" && goAhead();
      if (hasLeft) own?.dispose();
      else setSending(true);
    };
    try {
      const wish = mode === "label" ? { preferred_id: preferredId() } : null;
      const isHeard = () => window.location.pathname === path && (hasLeft ? isOpen() : isMounted.current);
      const sent = await outbox.submit(entry, wish, { onKept: leave, isHeard });
      onDone({ sent, assignment, draft: content });
      void own?.finish();
      return true;
    } catch (error) {
      if (error instanceof Unheard) {
        if (hasLeft) withoutClaim();
        return false;
      }
      const isWithdrawn = error instanceof Withdrawn;
      const local = own?.copy(content) ?? entry.draft;
      if (hasLeft) goBack({ assignment, local, problem: isWithdrawn ? null : problemOf(error) });
      else if (!isWithdrawn) refused(error);
      return false;
    }
  };

  /** The answer before this one goes first; where that takes long, or this one is changed meanwhile, nothing is sent. */
  const isNext = async () => {
    const before = draft().content;
    setSending(true);
    const isHeld = await Promise.race([lease.held.then(() => true), outbox.whenLate().then(() => false)]);
    if (isHeld && draft().content === before) return true;
    if (isMounted.current)
      toast({
        title: t("Not submitted yet"),
        message: isHeld
          ? t("You have changed it while it waited for your last answer. Submit it again.")
          : t("Your last answer must be sent first. Submit this one after it."),
      });
    return false;
  };

  const once = async (work: () => Promise<boolean>): Promise<boolean> => {
    if (isBusy.current) return false;
    isBusy.current = true;
    try {
      return await work();
    } finally {
      isBusy.current = false;
      setSending(false);
    }
  };
  const submit = async (said: Said) => {
    await once(async () => (!isAhead(latest.current) || (await isNext())) && send(answerOf(said)));
  };
  const skip = (why: SkipSaid) => once(() => send({ skip: why }));
  return { submit, skip, sending: { isSending, attempt: isSending ? attempt : 0 } };
}
