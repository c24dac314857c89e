/**
 * Flags and questions on their way to the researchers. Each is kept in this browser before it is sent, and until it has
 * arrived or was refused, so that neither the network nor a reload loses it; its key keeps it from counting twice.
 */
import { useEffect, useSyncExternalStore } from "react";
import { api, invalidate, type Schemas } from "@/api/client";
import { errorMessage, isStatus, isTransient } from "@/api/errors";
import { useMe } from "@/api/session";

export type FlagKind = Schemas["FlagKindEnum"];

type Addressed = {
  key: string;
  writtenAt: string;
  /** Written on a task that was shown ahead of its lease: the server knows nothing of it before the claim. */
  isAhead?: boolean;
  refused?: string;
};
export type FlagLetter = Addressed & {
  to: "flag";
  taskId: number;
  kind: FlagKind;
  note: string;
  responseId: number | null;
};
export type QuestionLetter = Addressed & {
  to: "task" | "project";
  taskId: number;
  projectId: number;
  body: string;
  /** The newest message that its author saw: what came in between is not read by sending this. */
  lastMessageId?: number;
};
export type Letter = FlagLetter | QuestionLetter;

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15_000;
/** So often a task that was shown ahead of its lease may not be known yet. */
const EARLY_TRIES = 5;

async function send(letter: Letter): Promise<void> {
  const idempotency_key = letter.key;
  if (letter.to === "flag") {
    const { kind, note, responseId: response_id } = letter;
    const params = { path: { task_id: letter.taskId } };
    await api.POST("/api/v1/tasks/{task_id}/flags", {
      params,
      body: { idempotency_key, kind, note, response_id },
    });
    await invalidate("/api/v1/reports");
  } else if (letter.to === "task") {
    const params = { path: { task_id: letter.taskId } };
    const body = { idempotency_key, body: letter.body, last_message_id: letter.lastMessageId };
    await api.POST("/api/v1/tasks/{task_id}/thread", { params, body });
    await invalidate("/api/v1/tasks/{task_id}/thread", "/api/v1/threads");
  } else {
    const params = { path: { project_id: letter.projectId } };
    const body = { idempotency_key, body: letter.body, last_message_id: letter.lastMessageId };
    await api.POST("/api/v1/projects/{project_id}/thread", { params, body });
    await invalidate("/api/v1/projects/{project_id}/thread", "/api/v1/threads");
  }
}

export class Letters {
  private letters: Letter[] = [];
  private userId = 0;
  private attempt = 0;
  private readonly early = new Map<string, number>();
  private isRunning = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();
  private readonly sendLetter: (letter: Letter) => Promise<void>;
  private readonly storage: Storage;

  constructor(sendLetter: (letter: Letter) => Promise<void> = send, storage: Storage = localStorage) {
    this.sendLetter = sendLetter;
    this.storage = storage;
    window.addEventListener("online", () => {
      this.attempt = 0;
      void this.run();
    });
  }

  /** Takes up what this person left behind in this browser. */
  start(userId: number): void {
    if (this.userId === userId) return;
    this.userId = userId;
    this.letters = this.read();
    this.changed();
    void this.run();
  }

  write(letter: Letter): void {
    this.change((list) => [...list, letter]);
    this.attempt = 0;
    void this.run();
  }

  /** Lets go of one that was refused, once its author has seen why. */
  discard(key: string): void {
    this.change((list) => list.filter((letter) => letter.key !== key));
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  state = (): Letter[] => this.letters;

  private async run(): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    clearTimeout(this.timer);
    try {
      for (let next = this.next(); next; next = this.next()) if (!(await this.sendOne(next))) break;
    } finally {
      this.isRunning = false;
    }
    if (!this.next()) return;
    const delay = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, this.attempt - 1));
    this.timer = setTimeout(() => void this.run(), delay);
  }

  private next(): Letter | undefined {
    return this.letters.find((letter) => !letter.refused);
  }

  /** Returns whether to go on with the next one. */
  private async sendOne(letter: Letter): Promise<boolean> {
    try {
      await this.sendLetter(letter);
      this.attempt = 0;
      this.discard(letter.key);
      return true;
    } catch (error) {
      if (isTransient(error) || isStatus(error, 401, 403) || this.isEarly(letter, error)) {
        this.attempt++;
        return false;
      }
      const refused = { ...letter, refused: errorMessage(error) };
      this.change((list) => list.map((one) => (one.key === letter.key ? refused : one)));
      return true;
    }
  }

  /** The claim goes with the answer before, which may take a little longer; somebody else may have been faster. */
  private isEarly({ key, isAhead }: Letter, error: unknown): boolean {
    if (!isAhead || !isStatus(error, 404)) return false;
    const tries = (this.early.get(key) ?? 0) + 1;
    this.early.set(key, tries);
    return tries < EARLY_TRIES;
  }

  private name(): string {
    return `labelapp:letters:${this.userId}`;
  }

  private read(): Letter[] {
    try {
      const kept: unknown = JSON.parse(this.storage.getItem(this.name()) ?? "[]");
      return Array.isArray(kept) ? (kept as Letter[]) : [];
    } catch {
      return []; // not ours, or cut off
    }
  }

  /** To what is stored now as well as to the own list: another tab keeps what it has to send under the same name. */
  private change(change: (list: Letter[]) => Letter[]): void {
    this.letters = change(this.letters);
    const stored = change(this.read());
    try {
      if (stored.length) this.storage.setItem(this.name(), JSON.stringify(stored));
      else this.storage.removeItem(this.name());
    } catch {
      // A browser that stores nothing still sends; only closing the tab would then lose it.
    }
    this.changed();
  }

  private changed(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

export const letters = new Letters();

/** What of this person's has not arrived yet, and the way to write more. */
export function useLetters(): {
  waiting: Letter[];
  write: (letter: Letter) => void;
  discard: (key: string) => void;
} {
  const { id } = useMe();
  useEffect(() => letters.start(id), [id]);
  const waiting = useSyncExternalStore(letters.subscribe, letters.state);
  return { waiting, write: (letter) => letters.write(letter), discard: (key) => letters.discard(key) };
}
