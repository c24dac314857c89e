/** Where this browser keeps a person's letters. Apart, so that a task starts without the code that sends them. */
import { useEffect } from "react";
import { useMe } from "@/api/session";

export function lettersKey(userId: number): string {
  return `labelapp:letters:${userId}`;
}

/** Sends what was left behind by an earlier page, if anything was. */
export function useLeftBehind(): void {
  const { id } = useMe();
  useEffect(() => {
    if (localStorage.getItem(lettersKey(id)) === null) return;
    void import("@/features/labeling/task/letters").then(({ letters }) => letters.start(id));
  }, [id]);
}
