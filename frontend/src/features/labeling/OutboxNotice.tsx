import { Button } from "@mantine/core";
import { IconAlertTriangle, IconCloudUp } from "@tabler/icons-react";
import { useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { invalidate } from "@/api/client";
import { useMe } from "@/api/session";
import classes from "@/features/labeling/OutboxNotice.module.css";
import { contentAsText } from "@/features/labeling/task/asText";
import { outbox } from "@/features/labeling/task/outbox";
import type { Entry } from "@/features/labeling/task/types";
import { useOutbox } from "@/features/labeling/task/useOutbox";
import { CopyButton } from "@/ui/CopyButton";

/** On every page: sends the answers that an earlier visit left behind, and tells of those that the server did not take. */
export function OutboxNotice() {
  const { t } = useTranslation();
  const userId = useMe().id;
  const { waiting, refused, attempt } = useOutbox((state) => state);
  const count = waiting.length;
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
        <Refused key={entry.key} entry={entry} />
      ))}
      {count > 0 && attempt > 0 && !isTask && (
        <div className={classes.notice} role="status">
          <IconCloudUp size={16} stroke={1.6} aria-hidden />
          {t("{{count}} answers wait to be sent. They are kept in this browser.", { count })}
        </div>
      )}
    </>
  );
}

function Refused({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  const { content } = entry.draft.content as { content: unknown };
  return (
    <div className={classes.notice} role="alert">
      <IconAlertTriangle size={16} stroke={1.6} aria-hidden />
      <span>
        {t("An answer of yours in {{project}} was not taken.", { project: entry.projectName })}{" "}
        {entry.refused}
      </span>
      <CopyButton value={contentAsText(content)} label={t("Copy what I did")} />
      <Button size="compact-sm" variant="subtle" color="gray" onClick={() => void outbox.discard(entry.key)}>
        {t("Close")}
      </Button>
    </div>
  );
}
