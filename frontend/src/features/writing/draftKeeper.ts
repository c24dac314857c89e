/**
 * Keeps what somebody writes: in this browser within 300 ms, on the server within 2 s, one request at a time, again and
 * again until it has arrived. The browser's copy goes once the server has the same.
 */
import { ApiError, isStatus, isTransient } from "@/api/errors";

export const LOCAL_DELAY_MS = 250;
export const SERVER_DELAY_MS = 1_200;
const LAST_RETRY_MS = 30_000;

export type KeptPlace = "untouched" | "saving" | "here" | "server" | "retrying" | "nowhere";
export type LocalCopy = {
  content: unknown;
  revision: number;
  savedAt: string;
  /** What was sent on top of that revision and may have arrived though no answer did. */
  sent?: unknown[];
};

export type DraftKeeperOptions = {
  storage: Storage;
  name: string;
  /** The server's revision that the writing goes on from; 0 where it has none. */
  revision: number;
  /** Null where this browser alone keeps it. Returns the new revision. */
  save: ((content: unknown, revision: number) => Promise<number>) | null;
  /** Whether two contents say the same. */
  isSame: (one: unknown, other: unknown) => boolean;
  onPlace: (place: KeptPlace) => void;
  /** The server will not have it. The browser's copy goes on, but for a draft that was changed elsewhere. */
  onRefused: (error: ApiError, content: unknown) => void;
};

export class DraftKeeper {
  private readonly options: DraftKeeperOptions;
  private revision: number;
  private content: unknown;
  private sent: unknown[] = [];
  private version = 0;
  private localVersion = 0;
  private savedVersion = 0;
  private attempt = 0;
  private isSaving = false;
  private isRefused = false;
  private isEnded = false;
  private localTimer: ReturnType<typeof setTimeout> | undefined;
  private serverTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DraftKeeperOptions) {
    this.options = options;
    this.revision = options.revision;
  }

  change(content: unknown): void {
    this.content = content;
    this.version++;
    if (this.isEnded) return;
    this.options.onPlace("saving");
    this.localTimer ??= setTimeout(() => this.keepHere(), LOCAL_DELAY_MS);
    if (this.isForServer()) this.serverTimer ??= setTimeout(() => void this.keepThere(), SERVER_DELAY_MS);
  }

  /** At once: the page is being closed or hidden, or the network is back. */
  flush(): void {
    if (this.isEnded) return;
    if (this.version > this.localVersion) this.keepHere();
    if (this.isForServer() && this.version > this.savedVersion) void this.keepThere();
  }

  /** Keeps nothing more; what is kept stays. */
  dispose(): void {
    this.isEnded = true;
    clearTimeout(this.localTimer);
    clearTimeout(this.serverTimer);
  }

  /** It has become a prompt: there is no draft any more. */
  finish(): void {
    this.dispose();
    this.options.storage.removeItem(this.options.name);
  }

  /** Whether the server is to keep it too. */
  private isForServer(): boolean {
    return this.options.save !== null && !this.isRefused;
  }

  private keepHere(): void {
    clearTimeout(this.localTimer);
    this.localTimer = undefined;
    const isKept = this.writeHere();
    this.localVersion = this.version;
    if (this.attempt) return;
    if (isKept) this.options.onPlace("here");
    else if (!this.isForServer()) this.options.onPlace("nowhere");
  }

  private writeHere(): boolean {
    const { content, revision, sent } = this;
    const copy = { content, revision, sent, savedAt: new Date().toISOString() };
    return writeCopy(this.options.storage, this.options.name, copy);
  }

  private async keepThere(): Promise<void> {
    clearTimeout(this.serverTimer);
    this.serverTimer = undefined;
    if (!this.options.save || this.isRefused || this.isSaving || this.isEnded) return;
    this.isSaving = true;
    const version = this.version;
    this.sent = [...this.sent.slice(-2), this.content];
    this.writeHere();
    try {
      this.revision = await this.options.save(this.content, this.revision);
      this.savedVersion = version;
      this.attempt = 0;
      this.sent = [];
      this.arrived(version);
    } catch (error) {
      this.failed(error);
    } finally {
      this.isSaving = false;
    }
    if (this.version > this.savedVersion && this.isForServer() && !this.isEnded)
      this.serverTimer ??= setTimeout(() => void this.keepThere(), SERVER_DELAY_MS);
  }

  private arrived(version: number): void {
    if (this.version !== version) {
      if (!this.isEnded) this.keepHere();
      return;
    }
    // Also after the page was left: what the server has is no longer ahead of it.
    clearTimeout(this.localTimer);
    this.localTimer = undefined;
    this.localVersion = version;
    this.options.storage.removeItem(this.options.name);
    if (!this.isEnded) this.options.onPlace("server");
  }

  private failed(error: unknown): void {
    if (this.isEnded) return;
    if (error instanceof ApiError && this.isOwnEarlier(error)) {
      this.revision = Number(error.data.revision);
      this.serverTimer = setTimeout(() => void this.keepThere());
      return;
    }
    // Who is logged out logs in again, and goes on.
    if (error instanceof ApiError && !isTransient(error) && !isStatus(error, 401, 403)) {
      this.refused(error);
      return;
    }
    this.attempt++;
    this.options.onPlace("retrying");
    const delay = Math.min(LAST_RETRY_MS, 1_000 * 2 ** (this.attempt - 1));
    this.serverTimer = setTimeout(() => void this.keepThere(), delay);
  }

  private refused(error: ApiError): void {
    this.isRefused = true;
    this.attempt = 0;
    clearTimeout(this.serverTimer);
    this.keepHere();
    // It goes on as a draft of its own; two must not write under one name.
    if (error.code === "draft_conflict") this.dispose();
    this.options.onRefused(error, this.content);
  }

  /** What the server has on top of our revision is what we sent: only its answer was lost. */
  private isOwnEarlier(error: ApiError): boolean {
    const { isSame } = this.options;
    return (
      error.code === "draft_conflict" && this.sent.some((content) => isSame(content, error.data.content))
    );
  }
}

const PREFIX = "labelapp:writing:";

/** By person: two people at one browser never see each other's. */
export function copyName(userId: number, draft: string): string {
  return `${PREFIX}${userId}:${draft}`;
}

export function readCopy(storage: Storage, name: string): LocalCopy | null {
  try {
    const copy = JSON.parse(storage.getItem(name) ?? "null") as LocalCopy | null;
    return copy && typeof copy.revision === "number" ? copy : null;
  } catch {
    return null; // not ours, or cut off
  }
}

/** Returns whether it was kept: a storage may be full or forbidden. */
export function writeCopy(storage: Storage, name: string, copy: LocalCopy): boolean {
  try {
    storage.setItem(name, JSON.stringify(copy));
    return true;
  } catch {
    return false;
  }
}

/** Somebody's drafts of new prompts that only this browser has, by key. */
export function localCopies(storage: Storage, userId: number): Map<string, LocalCopy> {
  const prefix = copyName(userId, "");
  const found = new Map<string, LocalCopy>();
  for (const name of Object.keys(storage)) {
    const key = name.slice(prefix.length);
    const copy = name.startsWith(prefix) && !key.startsWith("edit-") ? readCopy(storage, name) : null;
    if (copy) found.set(key, copy);
  }
  return found;
}
