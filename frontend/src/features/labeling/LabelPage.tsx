import { Alert } from "@mantine/core";
import { useParams, useRouterState } from "@tanstack/react-router";
import { type ReactNode, useCallback, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { invalidate, queryClient } from "@/api/client";
import { isStatus, isTransient } from "@/api/errors";
import { useEvents } from "@/api/events";
import { useMe } from "@/api/session";
import { NoTask } from "@/features/labeling/NoTask";
import { TaskScreen } from "@/features/labeling/TaskScreen";
import type { Done } from "@/features/labeling/task/taskSetting";
import { type Assignment, isAhead } from "@/features/labeling/task/types";
import { useOutbox } from "@/features/labeling/task/useOutbox";
import { UndoBar } from "@/features/labeling/UndoBar";
import { nextKey, useNext } from "@/features/labeling/useNext";
import { useRest } from "@/features/labeling/useRest";
import { isSkip, offerUndo, useUndo } from "@/features/labeling/useUndo";
import { WaitingToSend } from "@/features/labeling/WaitingToSend";
import { CopyButton } from "@/ui/CopyButton";

/** What is counted can wait until the next task is on the screen. */
const AFTER_PAINT_MS = 250;

/** One task after the other, until there is none. */
export function LabelPage() {
  const { t } = useTranslation();
  const projectId = Number(useParams({ from: "/members/label/$projectId" }).projectId);
  const userId = useMe().id;
  const [path] = useState(() => window.location.pathname);
  const isHere = useRouterState({ select: ({ location }) => location.pathname === path });
  const tasks = useNext(projectId, userId, isHere);
  const { shown, show, refetch, isFetching, error: failure } = tasks;
  const { upcoming, goAhead, goBack, isOpen, withoutClaim, drop } = tasks;
  useRest(shown);
  const assignment = shown?.next.assignment ?? undefined;
  // The one that was answered must not stay on the screen, where it could be answered again, nor come back to it when
  // the request for the next one fails.
  const answered = useRef<number | null>(null);

  const onUndone = useCallback(
    (again: Assignment) => {
      answered.current = null;
      // What comes after it was asked for before it was claimed, begun and given back.
      queryClient.removeQueries({ queryKey: ["upcoming", projectId] });
      void show({ status: "task", until: null, assignment: again });
    },
    [show, projectId],
  );
  const { undoable, isUndoing, error, undo, close, closeError } = useUndo("label", projectId, onUndone);
  const onDone = useCallback(
    (done?: Done) => {
      answered.current = done?.assignment.id ?? assignment?.id ?? null;
      drop();
      // The next task is painted first, then what is said about the last one.
      void (done?.sent?.next ? show(done.sent.next) : refetch()).then(() => {
        closeError();
        offerUndo(userId, "label", done);
        setTimeout(
          () => void invalidate("/api/v1/progress", "/api/v1/history", "/api/v1/reports"),
          AFTER_PAINT_MS,
        );
      });
    },
    [assignment, show, refetch, closeError, drop, userId],
  );
  const onAskAgain = useCallback(() => void refetch(), [refetch]);
  const { local = null, problem = null } = shown ?? {};
  const setting = useMemo(() => {
    const preferredId = () => upcoming.current?.assignment.id ?? null;
    return { local, problem, preferredId, goAhead, goBack, isOpen, withoutClaim };
  }, [local, problem, upcoming, goAhead, goBack, isOpen, withoutClaim]);

  // The server that cannot take an answer cannot give one back either.
  const isHeldUp = useOutbox((state) => state.attempt > 0);
  const isWaiting = shown !== undefined && shown.next.status !== "task";
  useEvents(isWaiting ? [`labeling:${projectId}`] : [], [nextKey(projectId)]);

  const isAnswered = assignment !== undefined && answered.current === assignment.id;
  const isUnleased = assignment !== undefined && isAhead(assignment);
  // Asking again would not help: they have left the project, say.
  if ((isAnswered || isUnleased) && failure && !isTransient(failure) && !isStatus(failure, 401, 403))
    throw failure;
  // What is shown ahead stays, with what was begun on it, while the request for a task is made again.
  const isBetween = isAnswered && (isFetching || failure);

  return (
    <>
      {error && (
        <PageAlert onClose={closeError}>
          {t("Not undone.")} {error.message}{" "}
          {error.text && <CopyButton value={error.text} label={t("Copy what I did")} />}
        </PageAlert>
      )}
      {tasks.taken !== null && (
        <PageAlert onClose={tasks.closeTaken}>
          {t("The task that you saw here is no longer yours to do.")}{" "}
          {tasks.taken && <CopyButton value={tasks.taken} label={t("Copy what I did")} />}
        </PageAlert>
      )}
      {!shown || isBetween ? (
        <WaitingToSend projectId={projectId} />
      ) : assignment ? (
        <TaskScreen
          assignment={assignment}
          mode="label"
          screen={shown.screen}
          setting={setting}
          onDone={onDone}
          onAskAgain={onAskAgain}
        />
      ) : (
        <NoTask next={shown.next} onAskAgain={onAskAgain} isAsking={isFetching} />
      )}
      {undoable && !isHeldUp && !isUnleased && (
        <UndoBar
          key={undoable.until}
          until={undoable.until}
          isSkip={isSkip(undoable)}
          isUndoing={isUndoing}
          onUndo={() => void undo()}
          onClose={close}
        />
      )}
    </>
  );
}

function PageAlert({ onClose, children }: { onClose: () => void; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Alert color="yellow" role="alert" m="sm" withCloseButton closeButtonLabel={t("Close")} onClose={onClose}>
      {children}
    </Alert>
  );
}
