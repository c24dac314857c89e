import classes from "@/ui/DayBars.module.css";
import { pluralize } from "@/ui/format";

type DayBarsProps = { label: string; unit: string; days: { date: string; count: number }[] };

const WEEKDAY = new Intl.DateTimeFormat("en", { weekday: "short", timeZone: "UTC" });
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

/** One bar a day, each with its number: a chart that is also a table for those who cannot see it. */
export function DayBars({ label, unit, days }: DayBarsProps) {
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
            title={`${DATE.format(date)}: ${pluralize(day.count, unit)}`}
          >
            <span className={classes.count}>{day.count || ""}</span>
            <span
              className={classes.bar}
              data-empty={!day.count || undefined}
              style={{ height: `${(day.count / highest) * 100}%` }}
              aria-hidden
            />
            <span className={classes.name}>{isLong ? date.getUTCDate() : WEEKDAY.format(date)}</span>
          </li>
        );
      })}
    </ol>
  );
}
