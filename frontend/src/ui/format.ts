/** Numbers, sizes and times as people read them in the interface's language. */
import i18next from "i18next";

/** English dates in the order and on the clock that most of the world reads. */
const LOCALE: Record<string, string> = { en: "en-GB" };
const made = new Map<string, unknown>();

/** Formatters are dear to make and are asked for in every row of a table: one of each for a language. */
function perLanguage<Formatter>(name: string, make: (locale: string) => Formatter): Formatter {
  const language = i18next.language ?? "en";
  const key = `${name} ${language}`;
  const known = (made.get(key) as Formatter | undefined) ?? make(LOCALE[language] ?? language);
  made.set(key, known);
  return known;
}

export function formatNumber(value: number, digits = 0): string {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits || 3 };
  return perLanguage(`number ${digits}`, (locale) => new Intl.NumberFormat(locale, options)).format(value);
}

export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${value < 10 && power ? formatNumber(value, 1) : Math.round(value)} ${units[power]}`;
}

export function formatPercent(ratio: number, digits = 0): string {
  return `${formatNumber(digits ? ratio * 100 : Math.round(ratio * 100), digits)} %`;
}

/** 4:05 or 1:04:05: for clocks that run. */
export function formatClock(totalSeconds: number): string {
  const seconds = Math.max(0, Math.floor(totalSeconds));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [hours = 0, minutes = 0, rest = 0] = parts;
  const tail = `${hours ? String(minutes).padStart(2, "0") : minutes}:${String(rest).padStart(2, "0")}`;
  return hours ? `${hours}:${tail}` : tail;
}

/** "3 min", "2 h 5 min": for spans. */
export function formatDuration(totalSeconds: number): string {
  const seconds = Math.max(0, Math.round(totalSeconds));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
}

/** A pace from a few minutes says nothing. */
const LEAST_SECONDS_OF_PACE = 300;

/** How many in an hour at this pace, or null while it is too early to tell. */
export function formatPace(count: number, seconds: number): string | null {
  if (!count || seconds < LEAST_SECONDS_OF_PACE) return null;
  return formatNumber(Math.round((count * 3600) / seconds));
}

const STEPS: [limit: number, size: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [60, 1, "second"],
  [3600, 60, "minute"],
  [86_400, 3600, "hour"],
  [30 * 86_400, 86_400, "day"],
  [365 * 86_400, 30 * 86_400, "month"],
  [Number.POSITIVE_INFINITY, 365 * 86_400, "year"],
];

export function formatRelative(date: Date, now = Date.now()): string {
  const seconds = (date.getTime() - now) / 1000;
  const step = STEPS.find(([limit]) => Math.abs(seconds) < limit);
  if (!step || Math.abs(seconds) < 10) return i18next.t("just now");
  return perLanguage("relative", (locale) => new Intl.RelativeTimeFormat(locale, { numeric: "auto" })).format(
    Math.round(seconds / step[1]),
    step[2],
  );
}

export function formatDateTime(date: Date): string {
  return formatDate(date, { dateStyle: "medium", timeStyle: "short" });
}

export function formatTime(date: Date): string {
  return formatDate(date, { hour: "2-digit", minute: "2-digit" });
}

export function formatDate(date: Date, options: Intl.DateTimeFormatOptions): string {
  const name = `date ${JSON.stringify(options)}`;
  return perLanguage(name, (locale) => new Intl.DateTimeFormat(locale, options)).format(date);
}

/** For the researchers' pages, which are English; what labelers see counts through t(). */
export function pluralize(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`;
}
