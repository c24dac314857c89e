/**
 * Sends an answer until it is known to have arrived. The key belongs to the content: a retry of the same answer is the
 * same submission however often it is sent, and a changed answer is another.
 */
import { isTransient } from "@/api/errors";

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15_000;

export class IdempotencyKeys {
  private content = "";
  private key = "";

  keyFor(content: unknown): string {
    const text = JSON.stringify(content);
    if (text !== this.content) {
      this.content = text;
      this.key = newUuid();
    }
    return this.key;
  }
}

/** `crypto.randomUUID` exists on https and localhost only; a team's own http server has neither. */
function newUuid(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Repeats `send` with a back-off while the failure may pass; any other error is the caller's. */
export async function untilArrived<T>(
  send: () => Promise<T>,
  { onRetry, signal }: { onRetry: (attempt: number) => void; signal: AbortSignal },
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (!isTransient(error) || signal.aborted) throw error;
      onRetry(attempt);
      await pause(Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1)), signal);
    }
  }
}

/** Ends early when the network comes back or the page goes. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done() {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    }
    window.addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}
