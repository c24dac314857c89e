/** The server may be brought up to date under an open page: what the page has yet to fetch is gone then. */
import i18next from "i18next";
import { toast } from "@/ui/toasts";

const CODE_MISSING = /dynamically imported module|importing a module script failed|unable to preload css/i;

/** True where a part of the app's own code did not come; each browser says it in its own words. */
export function isCodeMissing(error: unknown): boolean {
  return error instanceof Error && CODE_MISSING.test(error.message);
}

/** Whether the server serves another build than the one this page is of; false where nobody answers. */
export async function isOutdated(): Promise<boolean> {
  const entry = document.querySelector<HTMLScriptElement>('script[type="module"][src]')?.getAttribute("src");
  if (!entry) return false;
  try {
    const response = await fetch("/", { cache: "no-store" });
    return response.ok && !(await response.text()).includes(entry);
  } catch {
    return false;
  }
}

/** Leaves the moment to the person: what is on the screen works on as it is. */
export function sayNewVersion(): void {
  toast({
    message: i18next.t("A new version is there. Your drafts are kept."),
    action: { label: i18next.t("Reload"), act: () => window.location.reload() },
  });
}
