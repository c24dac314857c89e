import { Alert } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useCallback, useRef } from "react";
import { useTranslation } from "react-i18next";
import { api, invalidate, type Schemas } from "@/api/client";
import { isStatus, isTransient } from "@/api/errors";
import { useEvents } from "@/api/events";
import { useMe } from "@/api/session";
import { NoTask } from "@/features/labeling/NoTask";
import { TaskScreen } from "@/features/labeling/TaskScreen";
import { type LocalDraft, readLocalDraft, removeOldDrafts } from "@/features/labeling/task/localDraft";
import { outbox } from "@/features/labeling/task/outbox";
import type { Done } from "@/features/labeling/task/taskSetting";
import type { Assignment } from "@/features/labeling/task/types";
import { useOutbox } from "@/features/labeling/task/useOutbox";
import { draftKeyOf } from "@/features/labeling/task/useWork";
import { UndoBar } from "@/features/labeling/UndoBar";
import { useUndo } from "@/features/labeling/useUndo";
import { useUpcoming } from "@/features/labeling/useUpcoming";
import { WaitingToSend } from "@/features/labeling/WaitingToSend";

/** What is counted can wait until the next task is on the screen. */
const AFTER_PAINT_MS = 250;
/** A request for the next task that failed is made again. */
const ERROR_RETRY_MS = 5_000;

type Next = Schemas["Next"];
/** A task comes with this browser's own copy of its draft: the screen starts with both. */
type Shown = { next: Next; local: LocalDraft | null };

/** One task after the other, until there is none. */
export function LabelPage() {
  const { t } = useTranslation();
  const projectId = Number(useParams({ from: "/members/label/$projectId" }).projectId);
  const userId = useMe().id;
  const queries = useQueryClient();
  const { data: shown, refetch, isFetching, error: failure } = useNext(projectId, userId);
  const assignment = shown?.next.assignment ?? undefined;
  const preferredId = useUpcoming(projectId, assignment?.id);
  // The one that was answered must not stay on the screen, where it could be answered again, nor come back to it when
  // the request for the next one fails.
  const answered = useRef<number | null>(null);

  const show = useCallback(
    async (next: Next) => queries.setQueryData(nextKey(projectId), await withLocalCopy(next, userId)),
    [queries, projectId, userId],
  );
  const onUndone = useCallback(
    (again: Assignment) => void show({ status: "task", until: null, assignment: again }),
    [show],
  );
  const { undoable, isUndoing, error, offer, undo, close, closeError } = useUndo(onUndone);
  const onDone = useCallback(
    (done?: Done) => {
      answered.current = assignment?.id ?? null;
      // The next task is painted first, then what is said about the last one.
      void (done?.sent?.next ? show(done.sent.next) : refetch()).then(() => {
        offer(done);
        setTimeout(() => void invalidate("/api/v1/progress", "/api/v1/history"), AFTER_PAINT_MS);
      });
    },
    [assignment, show, refetch, offer],
  );
  const onAskAgain = useCallback(() => void refetch(), [refetch]);

  // The server that cannot take an answer cannot give one back either.
  const isHeldUp = useOutbox((state) => state.attempt > 0);
  const isWaiting = shown !== undefined && shown.next.status !== "task";
  useEvents(isWaiting ? [`labeling:${projectId}`] : [], [nextKey(projectId)]);

  const isAnswered = assignment !== undefined && answered.current === assignment.id;
  // Asking again would not help: they have left the project, say.
  if (isAnswered && failure && !isTransient(failure) && !isStatus(failure, 401, 403)) throw failure;

  return (
    <>
      {error && (
        <Alert
          color="yellow"
          role="alert"
          m="sm"
          withCloseButton
          closeButtonLabel={t("Close")}
          onClose={closeError}
        >
          {t("Not undone.")} {error}
        </Alert>
      )}
      {!shown || ((isFetching || failure) && isAnswered) ? (
        <WaitingToSend projectId={projectId} />
      ) : assignment ? (
        <TaskScreen
          assignment={assignment}
          mode="label"
          local={shown.local}
          preferredId={preferredId}
          onDone={onDone}
          onAskAgain={onAskAgain}
        />
      ) : (
        <NoTask next={shown.next} onAskAgain={onAskAgain} isAsking={isFetching} />
      )}
      {undoable && !isHeldUp && (
        <UndoBar
          key={undoable.submissionId}
          until={undoable.until}
          isUndoing={isUndoing}
          onUndo={() => void undo()}
          onClose={close}
        />
      )}
    </>
  );
}

function nextKey(projectId: number) {
  return ["next", projectId];
}

async function withLocalCopy(next: Next, userId: number): Promise<Shown> {
  const { assignment } = next;
  return { next, local: assignment ? await readLocalDraft(draftKeyOf(userId, assignment, "label")) : null };
}

function useNext(projectId: number, userId: number) {
  return useQuery({
    queryKey: nextKey(projectId),
    queryFn: async (): Promise<Shown | undefined> => {
      // An answer that still waits would come back as an unanswered task.
      await outbox.start(userId);
      await outbox.whenSent(projectId);
      const params = { path: { project_id: projectId } };
      const { data } = await api.POST("/api/v1/projects/{project_id}/next", { params, body: {} });
      void removeOldDrafts();
      return data && withLocalCopy(data, userId);
    },
    // Asking takes a lease, so it happens when somebody opens the page or has finished, and never in passing.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    // Offline, what waits is shown, not a request that was never made.
    networkMode: "always",
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    throwOnError: (_error, query) => query.state.data === undefined,
    refetchInterval: ({ state }) =>
      state.status === "error" ? ERROR_RETRY_MS : untilFree(state.data?.next.until),
  });
}

/** When others hold everything, asks again once the first lease ends. */
function untilFree(until: string | null | undefined): number | false {
  return until ? Math.max(2_000, Date.parse(until) - Date.now() + 500) : false;
}
