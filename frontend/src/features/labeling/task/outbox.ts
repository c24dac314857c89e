/**
 * Answers on their way to the server. An answer is in IndexedDB before it is sent and leaves it when the server has taken or
 * refused it, so it outlives the network, the server and the tab. Any page of the app sends what waits. It is never counted
 * twice: one tab sends at a time (Web Locks), and each answer carries its idempotency key.
 */
import { ApiError, isStatus, isTransient } from "@/api/errors";
import { browserStore } from "@/features/labeling/task/browserStore";
import { readLocalDraft, removeLocalDraft, writeLocalDraft } from "@/features/labeling/task/localDraft";
import { type Sent, send, type Wish } from "@/features/labeling/task/sending";
import type { Entry } from "@/features/labeling/task/types";

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15_000;
const LOCK = "labelapp:outbox";

/** `attempt` counts the failures in a row; `refused` are those that no open page could tell of. */
export type OutboxState = { waiting: Entry[]; refused: Entry[]; attempt: number; isLoggedOut: boolean };

type Hope = {
  wish: Wish | null;
  isHeard: () => boolean;
  resolve: (sent: Sent | null) => void;
  reject: (error: unknown) => void;
};

export type Page = {
  /** Called with true once nothing of the answer can be lost any more; with false, this browser stores nothing. */
  onKept?: (isSafe: boolean) => void;
  /** Whether the page still shows a refusal; of one that was left, every page tells instead. */
  isHeard?: () => boolean;
};

/** What `submit` fails with when the labeler took the answer back before it was sent. */
export class Withdrawn extends Error {}

/** What `submit` fails with when the answer was refused and the page did not hear of it: every page tells instead. */
export class Unheard extends Error {}

export class Outbox {
  private readonly sendEntry: typeof send;
  private readonly entries = new Map<string, Entry>();
  private readonly hopes = new Map<string, Hope>();
  /** What was kept a moment ago and never sent: no other tab can have sent it. */
  private readonly fresh = new Set<string>();
  private readonly listeners = new Set<() => void>();
  private snapshot: OutboxState = { waiting: [], refused: [], attempt: 0, isLoggedOut: false };
  private userId = 0;
  private loaded: Promise<void> | undefined;
  private attempt = 0;
  private isLoggedOut = false;
  private isRunning = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(sendEntry = send) {
    this.sendEntry = sendEntry;
    window.addEventListener("online", () => this.retryNow());
  }

  /** Takes up what this person left behind, here or in another tab, and goes on sending it. */
  start(userId: number): Promise<void> {
    if (this.userId === userId && this.loaded) return this.loaded;
    this.userId = userId;
    this.entries.clear();
    this.loaded = this.load();
    return this.loaded;
  }

  /**
   * Keeps the answer, sends it until it has arrived, and returns what the server said; null: another tab sent it. Where
   * the answer is refused it fails with what the server said, or with `Unheard` where the page was left.
   */
  async submit(entry: Entry, wish: Wish | null, page: Page = {}): Promise<Sent | null> {
    const { onKept, isHeard = () => true } = page;
    await this.start(entry.userId);
    const isSafe = await keep(entry);
    onKept?.(isSafe);
    return new Promise((resolve, reject) => {
      this.entries.set(entry.key, entry);
      this.fresh.add(entry.key);
      this.hopes.set(entry.key, { wish, isHeard, resolve, reject });
      this.changed();
      this.retryNow();
    });
  }

  /** Once nothing of the project waits any more: only then can a claim know what is answered. */
  whenSent(projectId: number): Promise<void> {
    return this.when(({ waiting }) => !waiting.some((entry) => entry.projectId === projectId));
  }

  /** Once the server could not be reached. */
  whenLate(): Promise<void> {
    return this.when(({ attempt }) => attempt > 0);
  }

  /** Takes an answer back that has not been sent, to be edited. One that is on its way is waited for first. */
  async withdraw(key: string): Promise<void> {
    await withLock(async () => {
      const entry = this.entries.get(key);
      if (!entry) return;
      if (!(await isKept(entry))) return this.settle(entry, null); // another tab has sent it
      // After a reload nobody waits for it any more.
      const hope = this.hopes.get(key);
      await this.giveBack(entry);
      hope?.reject(new Withdrawn());
    });
  }

  /** Lets go of a refused answer, once its author has seen it. */
  async discard(key: string): Promise<void> {
    await this.forget(key);
  }

  retryNow(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    void this.run();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  state = (): OutboxState => this.snapshot;

  private async load(): Promise<void> {
    for (const entry of await kept(this.userId)) this.entries.set(entry.key, entry);
    this.changed();
    this.retryNow();
  }

  private async run(): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    try {
      for (let entry = this.snapshot.waiting[0]; entry; entry = this.snapshot.waiting[0]) {
        const { key } = entry;
        if (!(await withLock(() => this.sendOne(key)))) break;
      }
    } finally {
      this.isRunning = false;
    }
    if (this.snapshot.waiting.length && !this.timer) {
      const delay = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, this.attempt - 1));
      this.timer = setTimeout(() => this.retryNow(), delay);
    }
  }

  /** Returns whether to go on with the next one. */
  private async sendOne(key: string): Promise<boolean> {
    const entry = this.entries.get(key);
    if (!entry) return true;
    if (!this.fresh.delete(key) && !(await isKept(entry))) {
      this.settle(entry, null); // another tab was faster
      return true;
    }
    try {
      const sent = await this.sendEntry(entry, this.hopes.get(key)?.wish ?? null);
      this.settle(entry, sent);
      // The page goes on at once. Were this tab to end here, another would find that the server has it already.
      await remove(key);
      await removeLocalDraft(entry.draftKey);
      return true;
    } catch (error) {
      return this.failed(entry, error);
    }
  }

  private async failed(entry: Entry, error: unknown): Promise<boolean> {
    // Whoever is logged out, or somebody else by now, must not lose it either.
    this.isLoggedOut = isStatus(error, 401, 403);
    // An answer that was cut off or came too late says nothing about what the server did.
    if (!(error instanceof ApiError) || isTransient(error) || this.isLoggedOut) {
      this.attempt++;
      this.changed();
      return false;
    }
    const hope = this.hopes.get(entry.key);
    if (hope?.isHeard()) {
      await this.giveBack(entry);
      hope.reject(error);
      return true;
    }
    const refused = { ...entry, refused: error.message };
    await keep(refused);
    await backToDraft(entry);
    this.entries.set(entry.key, refused);
    this.hopes.delete(entry.key);
    this.changed();
    // Whoever did not leave after all must be able to submit again.
    hope?.reject(new Unheard());
    return true;
  }

  private settle(entry: Entry, sent: Sent | null): void {
    this.attempt = 0;
    this.isLoggedOut = false;
    const hope = this.hopes.get(entry.key);
    this.entries.delete(entry.key);
    this.hopes.delete(entry.key);
    this.changed();
    hope?.resolve(sent);
  }

  /** An answer becomes a draft again, and is one before it leaves the outbox. */
  private async giveBack(entry: Entry): Promise<void> {
    await backToDraft(entry);
    await this.forget(entry.key);
  }

  private async when(isSo: (state: OutboxState) => boolean): Promise<void> {
    while (!isSo(this.snapshot)) {
      await new Promise<void>((resolve) => {
        const stop = this.subscribe(() => {
          stop();
          resolve();
        });
      });
    }
  }

  private async forget(key: string): Promise<void> {
    await remove(key);
    this.entries.delete(key);
    this.hopes.delete(key);
    this.changed();
  }

  private changed(): void {
    const entries = [...this.entries.values()].sort((one, other) =>
      one.queuedAt.localeCompare(other.queuedAt),
    );
    const waiting = entries.filter((entry) => !entry.refused);
    // What was taken back or refused is held up no longer.
    if (!waiting.length) this.attempt = 0;
    this.snapshot = {
      waiting,
      refused: entries.filter((entry) => entry.refused),
      attempt: this.attempt,
      isLoggedOut: this.isLoggedOut,
    };
    for (const listener of [...this.listeners]) listener();
  }
}

/** Web Locks exist on https and localhost only; elsewhere the idempotency key alone keeps an answer from counting twice. */
function withLock<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks ? (navigator.locks.request(LOCK, work) as Promise<T>) : work();
}

/** The task may be open again: what was typed on it since is newer, and stays. */
async function backToDraft({ draftKey, draft }: Entry): Promise<void> {
  const typed = await readLocalDraft(draftKey);
  if (!typed || typed.savedAt <= draft.savedAt) await writeLocalDraft(draftKey, draft);
}

/** A browser that stores nothing still sends; only a crash would then lose the answer, and the server has its draft. */
const inMemory = new Set<string>();

/** Returns whether it would outlive the tab. */
async function keep(entry: Entry): Promise<boolean> {
  try {
    await (await browserStore()).put("outbox", entry.key, entry);
    return true;
  } catch {
    inMemory.add(entry.key);
    return false;
  }
}

async function isKept(entry: Entry): Promise<boolean> {
  try {
    return inMemory.has(entry.key) || Boolean(await (await browserStore()).get("outbox", entry.key));
  } catch {
    return true;
  }
}

async function kept(userId: number): Promise<Entry[]> {
  try {
    const all = await (await browserStore()).all("outbox");
    return all.map(([, value]) => value as Entry).filter((entry) => entry.userId === userId);
  } catch {
    return [];
  }
}

async function remove(key: string): Promise<void> {
  inMemory.delete(key);
  try {
    await (await browserStore()).remove("outbox", key);
  } catch {
    // Sent again it is found by its key, and counts once.
  }
}

export const outbox = new Outbox();
