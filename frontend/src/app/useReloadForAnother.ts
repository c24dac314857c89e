/** Tabs share one session: where another person logs in elsewhere, what this tab holds must not be sent as theirs. */
import { useEffect } from "react";

const STORED_AS = "labelapp:user";

export function useReloadForAnother(userId: number): void {
  useEffect(() => {
    const id = String(userId);
    const onStorage = ({ key, newValue }: StorageEvent) => {
      // Its author's drafts stay in the browser, under their own name.
      if (key === STORED_AS && newValue !== null && newValue !== id) window.location.reload();
    };
    window.addEventListener("storage", onStorage);
    try {
      localStorage.setItem(STORED_AS, id);
    } catch {
      // Without a storage there is nothing that tabs could tell each other.
    }
    return () => window.removeEventListener("storage", onStorage);
  }, [userId]);
}
