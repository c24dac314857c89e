/** Whether the server answers, and the moment from which it does again. */
import { useEffect } from "react";
import { api } from "@/api/client";
import { reconnectDelay } from "@/api/events";

export function isReachable(): Promise<boolean> {
  return api.GET("/api/v1/health").then(
    () => true,
    () => false,
  );
}

/** A page that was loaded anew in vain does not do so every second. */
const AFTER_RELOAD = 5;

function attemptsBefore(): number {
  const [loading] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return loading?.type === "reload" ? AFTER_RELOAD : 0;
}

/** Calls `onBack` once the server can be reached. A restarted one fires no event, so it is asked, later each time. */
export function useServerBack(onBack: () => void): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let attempt = attemptsBefore();
    let isWanted = true;
    const wait = () => {
      timer = setTimeout(() => void ask(), reconnectDelay(attempt++));
    };
    const ask = async () => {
      clearTimeout(timer);
      const isThere = await isReachable();
      if (!isWanted) return;
      if (isThere) onBack();
      else wait();
    };
    const onOnline = () => void ask();
    window.addEventListener("online", onOnline);
    wait();
    return () => {
      isWanted = false;
      clearTimeout(timer);
      window.removeEventListener("online", onOnline);
    };
  }, [onBack]);
}
