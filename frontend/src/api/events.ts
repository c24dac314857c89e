/**
 * Live events: one EventSource per tab for all topics that the open pages watch.
 *
 * An event says only that something changed, so the answer to one is to refetch. Once connected, first or again, everything
 * watched is refetched, because what happened between its last fetch and then is not known. So is what a page begins to
 * watch on a connection that was open before it: the page fetched it before it watched.
 */
import type { QueryKey } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { refetch } from "@/api/client";

export type ServerEvent = { topic: string; type: string; id?: number } & Record<string, unknown>;
export type Connection = "idle" | "connecting" | "live" | "reconnecting" | "offline";
type Watcher = {
  topics: string[];
  onEvent: (event: ServerEvent) => void;
  onGap: (isJoining: boolean) => void;
};

const FIRST_DELAY_MS = 1_000;
const LAST_DELAY_MS = 30_000;

/** Doubles from one second to thirty, with jitter so that a restart does not bring every tab back at once. */
export function reconnectDelay(attempt: number, random = Math.random()): number {
  return Math.min(LAST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt) * (0.5 + random / 2);
}

class EventStream {
  private readonly watchers = new Set<Watcher>();
  private readonly newcomers = new Set<Watcher>();
  private readonly listeners = new Set<() => void>();
  private source: EventSource | null = null;
  private topics = "";
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  state: Connection = "idle";

  constructor() {
    window.addEventListener("online", () => this.reconnectNow());
    window.addEventListener("offline", () => this.lost("offline"));
  }

  watch(watcher: Watcher): () => void {
    this.watchers.add(watcher);
    this.newcomers.add(watcher);
    this.schedule(0);
    return () => {
      this.watchers.delete(watcher);
      this.newcomers.delete(watcher);
      this.schedule(0);
    };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  reconnectNow(): void {
    this.attempt = 0;
    this.schedule(0);
  }

  /** Also folds the many mounts and unmounts of one navigation into a single connection. */
  private schedule(delay: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), delay);
  }

  private connect(): void {
    const topics = [...new Set([...this.watchers].flatMap((watcher) => watcher.topics))].sort().join(",");
    if (this.source && topics === this.topics && this.state === "live") {
      this.tellOfGap(this.newcomers, true);
      return;
    }
    this.source?.close();
    this.source = null;
    this.topics = topics;
    if (!topics) {
      this.become("idle");
      return;
    }
    if (this.state === "idle") this.become("connecting");
    const source = new EventSource(`/api/v1/events?topics=${encodeURIComponent(topics)}`);
    this.source = source;
    source.onopen = () => this.opened();
    source.onmessage = (message) => this.received(JSON.parse(message.data) as ServerEvent);
    source.onerror = () => this.lost(navigator.onLine ? "reconnecting" : "offline");
  }

  private opened(): void {
    this.attempt = 0;
    this.become("live");
    this.tellOfGap(this.watchers, false);
  }

  private tellOfGap(watchers: Set<Watcher>, isJoining: boolean): void {
    for (const watcher of watchers) watcher.onGap(isJoining);
    this.newcomers.clear();
  }

  private received(event: ServerEvent): void {
    for (const watcher of this.watchers) if (watcher.topics.includes(event.topic)) watcher.onEvent(event);
  }

  /** EventSource retries some failures by itself and gives up on others; this retries all of them, with a back-off. */
  private lost(state: Connection): void {
    if (!this.watchers.size) return;
    this.source?.close();
    this.source = null;
    this.become(state);
    this.schedule(reconnectDelay(this.attempt++));
  }

  private become(state: Connection): void {
    if (state === this.state) return;
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}

const stream = new EventStream();

type EventsOptions = {
  /** The page of one row gives its id and is not told of others. */
  only?: number;
  /** Of a topic of many kinds of events, the one that matters. */
  type?: string;
  /** For pages that use an event's numbers. One that happened while there was no connection is never told; */
  onEvent?: (event: ServerEvent) => void;
  /** instead this is called once there is one, first or again. */
  onGap?: () => void;
};

/** Refetches `invalidates` whenever one of `topics` changes, and whenever that may have gone unnoticed. */
export function useEvents(topics: string[], invalidates: QueryKey[], options: EventsOptions = {}): void {
  const { only, type, onEvent, onGap } = options;
  const key = JSON.stringify([topics, invalidates]);
  useEffect(() => {
    const [watched, keys] = JSON.parse(key) as [string[], QueryKey[]];
    if (!watched.length) return;
    const refetchAll = () => {
      for (const queryKey of keys) void refetch(queryKey);
    };
    return stream.watch({
      topics: watched,
      onGap: (isJoining) => {
        refetchAll();
        if (!isJoining) onGap?.();
      },
      onEvent: (event) => {
        if (only !== undefined && event.id !== only) return;
        if (type !== undefined && event.type !== type) return;
        refetchAll();
        onEvent?.(event);
      },
    });
  }, [key, only, type, onEvent, onGap]);
}

export function useConnection(): Connection {
  return useSyncExternalStore(stream.subscribe, () => stream.state);
}
