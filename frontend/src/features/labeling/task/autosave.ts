/**
 * Keeps what a labeler does: in the browser within 300 ms, on the server within 2 s, one request at a time, for as long as
 * it takes. The screen shows `place`, so that people know before they close the lid.
 */
import { ApiError, isStatus, isTransient } from "@/api/errors";
import {
  isSameContent,
  type LocalDraft,
  readLocalDraft,
  removeLocalDraft,
  writeClosing,
  writeLocalDraft,
} from "@/features/labeling/task/localDraft";

export const LOCAL_DELAY_MS = 200;
export const SERVER_DELAY_MS = 1_200;
const LAST_RETRY_MS = 15_000;
/** So many contents are remembered whose answer may have been lost. */
const KEPT_SENT = 3;

export type SavePlace = "untouched" | "saving" | "here" | "server" | "retrying" | "conflict" | "nowhere";
export type SaveState = { place: SavePlace; at: Date | null };
export type SavedDraft = { revision: number; lease_expires_at?: string | null };

export type AutosaveOptions = {
  key: string;
  revision: number;
  /** What a page before this one sent on top of that revision, of which no answer was heard. */
  sent?: unknown[];
  save: (content: unknown, revision: number) => Promise<SavedDraft>;
  onState: (state: SaveState) => void;
  onSaved?: (saved: SavedDraft) => void;
  /** The server refused for good: the lease is lost, or another tab wrote meanwhile. */
  onRefused?: (error: ApiError) => void;
};

export class Autosave {
  private readonly options: AutosaveOptions;
  private revision: number;
  private content: unknown;
  /** What was sent since the server last answered, and may have arrived all the same. */
  private sent: unknown[];
  private version = 0;
  private savedVersion = 0;
  private localVersion = 0;
  private isSaving = false;
  /** The server will not take it; the browser's copy is still kept. */
  private isRefused = false;
  private isDisposed = false;
  private isFinished = false;
  private attempt = 0;
  /** Whether the browser took the last copy; one that forbids storage takes none. */
  private isKeptHere = true;
  private localTimer: ReturnType<typeof setTimeout> | undefined;
  private serverTimer: ReturnType<typeof setTimeout> | undefined;
  /** Writes into the browser go one after the other, so that an older one never lands on a newer one. */
  private writing: Promise<unknown> = Promise.resolve();

  constructor(options: AutosaveOptions) {
    this.options = options;
    this.revision = options.revision;
    this.sent = options.sent ?? [];
  }

  /** Something changed. Called on every keystroke; only the timers do work. */
  change(content: unknown): void {
    this.content = content;
    this.version++;
    if (this.isDisposed) return;
    if (!this.isRefused) this.report("saving");
    this.localTimer ??= setTimeout(() => void this.saveHere(), LOCAL_DELAY_MS);
    if (!this.isRefused) this.serverTimer ??= setTimeout(() => void this.saveThere(), SERVER_DELAY_MS);
  }

  /** At once, for a page that is being closed or hidden. Returns whether all that was done is kept somewhere. */
  flush(): boolean {
    if (this.isDisposed) return true;
    const isBehind = this.version > this.localVersion;
    const isKept = !isBehind || writeClosing(this.options.key, this.localCopy(true));
    if (isBehind) void this.saveHere();
    if (this.version > this.savedVersion && !this.attempt) void this.saveThere();
    return isKept || this.version === this.savedVersion;
  }

  /** Tries the server now rather than when the back-off says: the network is back. */
  retryNow(): void {
    if (!this.attempt) return;
    this.attempt = 0;
    void this.saveThere();
  }

  /** Goes on with a server's newer revision as the base: what is on the screen wins. */
  rebase(revision: number): void {
    this.revision = revision;
    this.isRefused = false;
    this.version++;
    void this.saveHere();
    void this.saveThere();
  }

  /** After a submission there is no draft any more. */
  async finish(): Promise<void> {
    this.isFinished = true;
    this.dispose();
    await this.writing;
    await removeLocalDraft(this.options.key);
  }

  /** What a page has that goes on with the draft after this one. */
  copy(content: unknown): LocalDraft {
    return { ...this.localCopy(true), content };
  }

  dispose(): void {
    this.isDisposed = true;
    clearTimeout(this.localTimer);
    clearTimeout(this.serverTimer);
    this.localTimer = this.serverTimer = undefined;
  }

  private async saveHere(): Promise<void> {
    clearTimeout(this.localTimer);
    this.localTimer = undefined;
    const version = this.version;
    const isKept = await this.writeLocal(true);
    if (this.isDisposed) return;
    if (isKept) this.localVersion = Math.max(this.localVersion, version);
    if (this.savedVersion >= version || this.isRefused) return;
    this.report(this.attempt ? "retrying" : "here");
  }

  private localCopy(isAhead: boolean): LocalDraft {
    return {
      content: this.content,
      revision: this.revision,
      savedAt: new Date().toISOString(),
      isAhead,
      sent: this.sent,
    };
  }

  private writeLocal(isAhead: boolean): Promise<boolean> {
    const draft = this.localCopy(isAhead);
    const written = this.writing.then(() => writeLocalDraft(this.options.key, draft));
    this.writing = written.then((isKept) => {
      this.isKeptHere = isKept;
    });
    return written;
  }

  /** The page was left: its copy learns what the server has, unless the task is open again and has written since. */
  private writeAfterwards(isAhead: boolean): void {
    const { key } = this.options;
    const draft = this.localCopy(isAhead);
    this.writing = this.writing.then(async () => {
      const kept = await readLocalDraft(key);
      if (!this.isFinished && kept && isSameContent(kept.content, draft.content)) {
        await writeLocalDraft(key, draft);
      }
    });
  }

  private async saveThere(): Promise<void> {
    clearTimeout(this.serverTimer);
    this.serverTimer = undefined;
    if (this.isSaving || this.isRefused || this.isDisposed) return;
    this.isSaving = true;
    const version = this.version;
    this.sent = [...this.sent.slice(1 - KEPT_SENT), this.content];
    void this.writeLocal(true);
    try {
      const saved = await this.options.save(this.content, this.revision);
      this.accepted(saved, version);
    } catch (error) {
      this.failed(error);
    } finally {
      this.isSaving = false;
    }
    if (this.version > this.savedVersion && !this.attempt && !this.isRefused && !this.isDisposed) {
      this.serverTimer ??= setTimeout(() => void this.saveThere(), SERVER_DELAY_MS);
    }
  }

  private accepted(saved: SavedDraft, version: number): void {
    // A submission may have ended the draft while this save was on its way.
    if (this.isFinished) return;
    this.revision = saved.revision;
    this.savedVersion = version;
    this.attempt = 0;
    this.sent = [];
    if (this.isDisposed) {
      this.writeAfterwards(this.version > version);
      return;
    }
    this.options.onSaved?.(saved);
    void this.writeLocal(this.version > version);
    if (this.version === version) this.report("server");
  }

  private failed(error: unknown): void {
    if (this.isDisposed) return;
    if (error instanceof ApiError && this.isOwnEarlier(error)) {
      this.revision = Number(error.data.revision);
      this.serverTimer = setTimeout(() => void this.saveThere());
      return;
    }
    // Who is logged out may log in again in another tab.
    if (error instanceof ApiError && !isTransient(error) && !isStatus(error, 401, 403)) {
      this.isRefused = true;
      this.report(error.code === "draft_conflict" ? "conflict" : "here");
      this.options.onRefused?.(error);
      return;
    }
    this.attempt++;
    this.report("retrying");
    const delay = Math.min(LAST_RETRY_MS, 1_000 * 2 ** (this.attempt - 1));
    this.serverTimer = setTimeout(() => void this.saveThere(), delay);
  }

  /** What the server has on top of our revision is what we sent: only its answer was lost. */
  private isOwnEarlier(error: ApiError): boolean {
    return (
      error.code === "draft_conflict" &&
      this.sent.some((content) => isSameContent(content, error.data.content))
    );
  }

  /** What the server does not have is here, or else nowhere. */
  private report(wanted: SavePlace): void {
    const isSaid = this.isKeptHere || wanted === "saving" || wanted === "server";
    const place = isSaid ? wanted : "nowhere";
    this.options.onState({ place, at: place === "saving" ? null : new Date() });
  }
}
