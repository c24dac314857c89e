/** Asks the worker for differences, one pair at a time and the newest wish first; remembers what it answered. */
import type { Part } from "@/features/labeling/comparison/reading/wordDiff";

/** What has a worker's two ends; tests bring their own. */
export type DiffWorker = {
  postMessage: (pair: Pair) => void;
  onmessage: ((event: MessageEvent<Diff>) => void) | null;
  onerror?: ((event: ErrorEvent) => void) | null;
};
/** Null where two texts have too little in common to be compared word by word. */
export type Diff = Part[] | null;
export type Pair = { basis: string; text: string };

type Wish = Pair & { key: string; tell: (diff: Diff) => void };

const MOST_REMEMBERED = 200;

export class DiffQueue {
  private readonly answers = new Map<string, Diff>();
  private wishes: Wish[] = [];
  private current: Wish | null = null;
  private worker: DiffWorker | null = null;

  private readonly startWorker: () => DiffWorker;

  constructor(startWorker: () => DiffWorker) {
    this.startWorker = startWorker;
    window.addEventListener("online", () => this.next());
  }

  known(key: string): Diff | undefined {
    return this.answers.get(key);
  }

  /** Calls `tell` with the difference once it is there; returns how to take the wish back. */
  ask(key: string, pair: Pair, tell: (diff: Diff) => void): () => void {
    const wish = { key, ...pair, tell };
    this.wishes.push(wish);
    this.next();
    return () => {
      this.wishes = this.wishes.filter((other) => other !== wish);
    };
  }

  private next(): void {
    if (this.current) return;
    const wish = this.wishes.shift();
    if (!wish) return;
    const known = this.answers.get(wish.key);
    if (known !== undefined) {
      wish.tell(known);
      this.next();
      return;
    }
    this.current = wish;
    this.worker ??= this.startWorker();
    this.worker.onmessage = ({ data }) => this.heard(data);
    // Without a network it cannot start; the next wish starts another, and so does the network. It goes last: were it
    // the pair's own fault, the others must not wait for it.
    this.worker.onerror = () => {
      if (this.current) this.wishes.push(this.current);
      this.worker = this.current = null;
    };
    this.worker.postMessage({ basis: wish.basis, text: wish.text });
  }

  private heard(diff: Diff): void {
    const wish = this.current;
    this.current = null;
    if (wish) {
      this.remember(wish.key, diff);
      wish.tell(diff);
    }
    this.next();
  }

  private remember(key: string, diff: Diff): void {
    this.answers.set(key, diff);
    const [oldest] = this.answers.keys();
    if (this.answers.size > MOST_REMEMBERED && oldest !== undefined) this.answers.delete(oldest);
  }
}
