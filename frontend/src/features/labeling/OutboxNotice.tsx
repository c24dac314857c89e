import { Button } from "@mantine/core";
import { IconAlertTriangle, IconCloudUp } from "@tabler/icons-react";
import { useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { invalidate } from "@/api/client";
import { useMe } from "@/api/session";
import classes from "@/features/labeling/OutboxNotice.module.css";
import { contentAsText } from "@/features/labeling/task/asText";
import { useLetters } from "@/features/labeling/task/letters";
import { outbox } from "@/features/labeling/task/outbox";
import type { Entry } from "@/features/labeling/task/types";
import { useOutbox } from "@/features/labeling/task/useOutbox";
import { CopyButton } from "@/ui/CopyButton";

/** On every page: sends what an earlier visit left behind, and tells what the server did not take, until it is closed. */
export function OutboxNotice() {
  const { t } = useTranslation();
  const userId = useMe().id;
  const { waiting, refused, attempt } = useOutbox((state) => state);
  const { waiting: written, discard } = useLetters();
  const count = waiting.length;
  const skips = waiting.filter(({ skip }) => skip).length;
  // A task's own page says it itself, and more of it.
  const isTask = useRouterState({
    select: ({ location }) => /^\/(label|history)\/\d/.test(location.pathname),
  });
  useEffect(() => {
    void outbox.start(userId);
  }, [userId]);
  const before = useRef(0);
  useEffect(() => {
    if (count < before.current && !isTask) void invalidate("/api/v1/progress", "/api/v1/history");
    before.current = count;
  }, [count, isTask]);
  return (
    <>
      {refused.map((entry) => (
        <Refused
          key={entry.key}
          what={
            entry.skip
              ? t("A skip of yours in {{project}} was not taken.", { project: entry.projectName })
              : t("An answer of yours in {{project}} was not taken.", { project: entry.projectName })
          }
          why={entry.refused}
          text={answerAsText(entry)}
          onClose={() => void outbox.discard(entry.key)}
        />
      ))}
      {written
        .filter((letter) => letter.refused)
        .map((letter) => (
          <Refused
            key={letter.key}
            what={
              letter.to === "flag"
                ? t("A flag of yours was not taken.")
                : t("A question of yours was not taken.")
            }
            why={letter.refused}
            text={letter.to === "flag" ? letter.note : letter.body}
            onClose={() => discard(letter.key)}
          />
        ))}
      {count > 0 && attempt > 0 && !isTask && (
        <div className={classes.notice} role="status">
          <IconCloudUp size={16} stroke={1.6} aria-hidden />
          {skips === 0
            ? t("{{count}} answers wait to be sent. They are kept in this browser.", { count })
            : skips === count
              ? t("{{count}} skips wait to be sent. They are kept in this browser.", { count })
              : t("{{count}} answers and skips wait to be sent. They are kept in this browser.", { count })}
        </div>
      )}
    </>
  );
}

function answerAsText({ draft }: Entry): string {
  return contentAsText((draft.content as { content: unknown }).content);
}

type RefusedProps = { what: string; why: string | undefined; text: string; onClose: () => void };

function Refused({ what, why, text, onClose }: RefusedProps) {
  const { t } = useTranslation();
  return (
    <div className={classes.notice} role="alert">
      <IconAlertTriangle size={16} stroke={1.6} aria-hidden />
      <span>
        {what} {why}
      </span>
      {text && <CopyButton value={text} label={t("Copy what I did")} />}
      <Button size="compact-sm" variant="subtle" color="gray" onClick={onClose}>
        {t("Close")}
      </Button>
    </div>
  );
}
