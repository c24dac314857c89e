/**
 * Keeps what a labeler does: in the browser within 300 ms, on the server within 2 s, one request at a time, for as long as
 * it takes. The screen shows `place`, so that people know before they close the lid.
 */
import { ApiError, isTransient } from "@/api/errors";
import { type LocalDraft, removeLocalDraft, writeLocalDraft } from "@/features/labeling/task/localDraft";

export const LOCAL_DELAY_MS = 250;
export const SERVER_DELAY_MS = 1_200;
const LAST_RETRY_MS = 30_000;

export type SavePlace = "untouched" | "saving" | "here" | "server" | "retrying" | "conflict" | "nowhere";
export type SaveState = { place: SavePlace; at: Date | null };
export type SavedDraft = { revision: number; lease_expires_at?: string | null };

export type AutosaveOptions = {
  storage: Storage;
  key: string;
  revision: number;
  /** Null where only this browser keeps the draft, as for an edit of what was submitted. */
  save: ((content: unknown, revision: number) => Promise<SavedDraft>) | null;
  onState: (state: SaveState) => void;
  onSaved?: (saved: SavedDraft) => void;
  /** The server refused for good: the lease is lost, or another tab wrote meanwhile. */
  onRefused?: (error: ApiError) => void;
};

export class Autosave {
  private readonly options: AutosaveOptions;
  private revision: number;
  private content: unknown;
  private version = 0;
  private savedVersion = 0;
  private localVersion = 0;
  private isSaving = false;
  /** The server will not take it; the browser's copy is still kept. */
  private isRefused = false;
  private isDisposed = false;
  private attempt = 0;
  private localTimer: ReturnType<typeof setTimeout> | undefined;
  private serverTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: AutosaveOptions) {
    this.options = options;
    this.revision = options.revision;
  }

  /** Something changed. Called on every keystroke; only the timers do work. */
  change(content: unknown): void {
    this.content = content;
    this.version++;
    if (this.isDisposed) return;
    if (!this.isRefused) this.report("saving");
    this.localTimer ??= setTimeout(() => this.saveHere(), LOCAL_DELAY_MS);
    if (this.options.save && !this.isRefused)
      this.serverTimer ??= setTimeout(() => void this.saveThere(), SERVER_DELAY_MS);
  }

  /** At once, for a page that is being closed or hidden. */
  flush(): void {
    if (this.isDisposed) return;
    if (this.version > this.localVersion) this.saveHere();
    if (this.options.save && this.version > this.savedVersion && !this.attempt) void this.saveThere();
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
    this.saveHere();
    void this.saveThere();
  }

  /** After a submission there is no draft any more. */
  finish(): void {
    this.dispose();
    removeLocalDraft(this.options.storage, this.options.key);
  }

  dispose(): void {
    this.isDisposed = true;
    clearTimeout(this.localTimer);
    clearTimeout(this.serverTimer);
    this.localTimer = this.serverTimer = undefined;
  }

  private saveHere(): void {
    clearTimeout(this.localTimer);
    this.localTimer = undefined;
    const isKept = this.writeLocal(true);
    this.localVersion = this.version;
    if (!isKept && !this.options.save) this.report("nowhere");
    else if (isKept && !this.attempt && !this.isRefused) this.report("here");
  }

  private writeLocal(isAhead: boolean): boolean {
    const draft: LocalDraft = {
      content: this.content,
      revision: this.revision,
      savedAt: new Date().toISOString(),
      isAhead,
    };
    return writeLocalDraft(this.options.storage, this.options.key, draft);
  }

  private async saveThere(): Promise<void> {
    clearTimeout(this.serverTimer);
    this.serverTimer = undefined;
    if (!this.options.save || this.isSaving || this.isRefused || this.isDisposed) return;
    this.isSaving = true;
    const version = this.version;
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
    this.revision = saved.revision;
    this.savedVersion = version;
    this.attempt = 0;
    this.options.onSaved?.(saved);
    // A submission may have ended the draft while this save was on its way.
    if (this.isDisposed) return;
    this.writeLocal(this.version > version);
    if (this.version === version) this.report("server");
  }

  private failed(error: unknown): void {
    if (this.isDisposed) return;
    if (error instanceof ApiError && !isTransient(error)) {
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

  private report(place: SavePlace): void {
    this.options.onState({ place, at: place === "saving" ? null : new Date() });
  }
}
