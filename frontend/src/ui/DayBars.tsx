import classes from "@/ui/DayBars.module.css";
import { formatDate } from "@/ui/format";

type DayBarsProps = {
  label: string;
  /** "3 answers", in the page's language. */
  counted: (count: number) => string;
  days: { date: string; count: number }[];
};

const WEEKDAY = { weekday: "short", timeZone: "UTC" } as const;
const DATE = { day: "numeric", month: "short", timeZone: "UTC" } as const;

/** One bar a day, each with its number: a chart that is also a table for those who cannot see it. */
export function DayBars({ label, counted, days }: DayBarsProps) {
  const highest = Math.max(1, ...days.map((day) => day.count));
  const isLong = days.length > 10;
  return (
    <ol className={classes.bars} aria-label={label} data-long={isLong || undefined}>
      {days.map((day) => {
        const date = new Date(day.date);
        return (
          <li
            key={day.date}
            className={classes.day}
            title={`${formatDate(date, DATE)}: ${counted(day.count)}`}
          >
            <span className={classes.count}>{day.count || ""}</span>
            <span
              className={classes.bar}
              data-empty={!day.count || undefined}
              style={{ height: `${(day.count / highest) * 100}%` }}
              aria-hidden
            />
            <span className={classes.name}>{isLong ? date.getUTCDate() : formatDate(date, WEEKDAY)}</span>
          </li>
        );
      })}
    </ol>
  );
}
