import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { $api } from "@/api/client";
import classes from "@/features/labeling/WorkDay.module.css";
import {
  isDue,
  later,
  moved,
  newStretch,
  readStretch,
  type Stretch,
  ticked,
} from "@/features/labeling/workday";
import { useBreakMinutes } from "@/ui/breakMinutes";
import { formatPace } from "@/ui/format";
import { roomFor } from "@/ui/heights";

const STORED_AS = "labelapp:stretch";
const TICK_MS = 10_000;
const ACTIVITY = ["pointermove", "pointerdown", "keydown", "wheel", "touchmove"] as const;

const reminder = roomFor("--footer-height", "--notice-height");

/** Today's count and pace in the bar, and now and then a word about a break; for those who have a task open. */
export function WorkDay() {
  return (
    <>
      <Today />
      <BreakReminder />
    </>
  );
}

function Today() {
  const { t } = useTranslation();
  const { data } = $api.useQuery("get", "/api/v1/progress");
  if (!data?.today) return null;
  const { today } = data;
  const pace = formatPace(today, data.active_seconds_today);
  return (
    <Link to="/" className={classes.today}>
      {t("{{count}} answers today", { count: today })}
      {pace && <span>{t("{{number}} an hour", { number: pace })}</span>}
    </Link>
  );
}

function BreakReminder() {
  const { t } = useTranslation();
  const [minutes, setMinutes] = useBreakMinutes();
  const [stretch, change] = useStretch();
  if (!isDue(stretch, minutes)) return null;
  const worked = Math.floor(stretch.workedMs / 60_000);
  return (
    <div ref={reminder} role="status" className={classes.reminder}>
      <p>
        <b>{t("{{count}} minutes without a break", { count: worked })}</b>
        <br />
        {t("A few minutes away keep your judgment fair. Your work is saved.")}
      </p>
      <div className={classes.choices}>
        <Button size="compact-sm" variant="default" onClick={() => change(later(stretch))}>
          {t("In ten minutes")}
        </Button>
        <Button size="compact-sm" variant="default" onClick={() => change(newStretch(Date.now()))}>
          {t("Close")}
        </Button>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={() => setMinutes(0)}>
          {t("Never remind me")}
        </Button>
      </div>
    </div>
  );
}

function store(stretch: Stretch): void {
  try {
    localStorage.setItem(STORED_AS, JSON.stringify(stretch));
  } catch {
    // Full or forbidden: the reminder then counts from each load of the page.
  }
}

/** The stretch of work, written down at each tick: another tab, or this one reloaded, goes on with it. */
function useStretch(): [Stretch, (next: Stretch) => void] {
  const [stretch, setStretch] = useState(() => readStretch(localStorage.getItem(STORED_AS), Date.now()));
  const latest = useRef(stretch);
  const change = (next: Stretch) => {
    latest.current = next;
    store(next);
    setStretch(next);
  };
  useEffect(() => {
    const note = () => {
      latest.current = moved(latest.current, Date.now());
    };
    const tick = () => {
      latest.current = ticked(latest.current, Date.now());
      store(latest.current);
      setStretch(latest.current);
    };
    for (const name of ACTIVITY) window.addEventListener(name, note, { passive: true, capture: true });
    const timer = setInterval(tick, TICK_MS);
    return () => {
      clearInterval(timer);
      for (const name of ACTIVITY) window.removeEventListener(name, note, { capture: true });
    };
  }, []);
  return [stretch, change];
}
