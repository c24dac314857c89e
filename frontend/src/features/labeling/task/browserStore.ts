/**
 * What this browser keeps: drafts, and answers that wait to be sent. IndexedDB survives a crash of the tab and of the
 * browser; where it is forbidden (some private windows), the older storage takes its place.
 */
import { type IDBPDatabase, type IDBPObjectStore, openDB } from "idb";

export type Area = "drafts" | "outbox";

export type BrowserStore = {
  get: (area: Area, key: string) => Promise<unknown>;
  put: (area: Area, key: string, value: unknown) => Promise<void>;
  remove: (area: Area, key: string) => Promise<void>;
  all: (area: Area) => Promise<[key: string, value: unknown][]>;
};

const NAME = "labelapp";
const VERSION = 1;
const AREAS: Area[] = ["drafts", "outbox"];

let opened: Promise<BrowserStore> | undefined;

/** The one store of this page. */
export function browserStore(): Promise<BrowserStore> {
  opened ??= openDatabase()
    .then(inDatabase)
    .catch(() => inWebStorage(localStorage));
  return opened;
}

/** Opens it anew at the next call: the browser closed it, or a test wants another. */
export function forgetStore(): void {
  opened = undefined;
}

async function openDatabase(): Promise<IDBPDatabase> {
  return await openDB(NAME, VERSION, {
    upgrade(database) {
      for (const area of AREAS) {
        if (!database.objectStoreNames.contains(area)) database.createObjectStore(area);
      }
    },
    // A newer version of the app in another tab must not wait for this one.
    blocking: (_current, _blocked, event) => {
      (event.target as IDBDatabase).close();
      forgetStore();
    },
    terminated: forgetStore,
  });
}

/**
 * Committed at once: left to itself a transaction waits until this page has heard of its request, and if the page ends
 * before that, the browser throws away what it has been given.
 */
async function change(
  database: IDBPDatabase,
  area: Area,
  request: (store: IDBPObjectStore<unknown, [Area], Area, "readwrite">) => Promise<unknown>,
): Promise<void> {
  const transaction = database.transaction(area, "readwrite");
  const requested = request(transaction.store);
  transaction.commit();
  await Promise.all([requested, transaction.done]);
}

function inDatabase(database: IDBPDatabase): BrowserStore {
  return {
    get: (area, key) => database.get(area, key),
    put: (area, key, value) => change(database, area, (store) => store.put(value, key)),
    remove: (area, key) => change(database, area, (store) => store.delete(key)),
    all: async (area) => {
      const transaction = database.transaction(area);
      const [keys, values] = await Promise.all([transaction.store.getAllKeys(), transaction.store.getAll()]);
      return keys.map((key, index) => [String(key), values[index]]);
    },
  };
}

function inWebStorage(storage: Storage): BrowserStore {
  const prefix = (area: Area) => `labelapp:${area}:`;
  const read = (name: string): unknown => JSON.parse(storage.getItem(name) ?? "null") ?? undefined;
  return {
    get: async (area, key) => read(prefix(area) + key),
    put: async (area, key, value) => storage.setItem(prefix(area) + key, JSON.stringify(value)),
    remove: async (area, key) => storage.removeItem(prefix(area) + key),
    all: async (area) =>
      Object.keys(storage)
        .filter((name) => name.startsWith(prefix(area)))
        .map((name) => [name.slice(prefix(area).length), read(name)]),
  };
}
