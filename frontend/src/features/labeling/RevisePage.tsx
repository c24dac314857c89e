import { Alert } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, invalidate } from "@/api/client";
import { isErasure } from "@/api/errors";
import { useMe } from "@/api/session";
import { TaskScreen } from "@/features/labeling/TaskScreen";
import { ErasedPrompt } from "@/features/labeling/task/ErasedPrompt";
import { outbox } from "@/features/labeling/task/outbox";
import { ALONE, type Done } from "@/features/labeling/task/taskSetting";
import { localCopy } from "@/features/labeling/task/useWork";
import { offerUndo } from "@/features/labeling/useUndo";
import { Busy } from "@/ui/Busy";
import { Page } from "@/ui/Page";

/** An earlier answer, to be edited as its next revision. */
export function RevisePage() {
  const { t } = useTranslation();
  const assignmentId = Number(useParams({ from: "/members/history/$assignmentId" }).assignmentId);
  const userId = useMe().id;
  const navigate = useNavigate();
  const { data, refetch } = useOwnAnswer(assignmentId, userId);
  // There when the edit is saved: its key must not wait for a download.
  useEffect(() => void import("@/features/labeling/UndoEdit"), []);
  const [screen, setScreen] = useState(0);
  const onDone = useCallback(
    async (done?: Done) => {
      offerUndo(userId, "revise", done);
      await invalidate("/api/v1/history", "/api/v1/progress");
      await navigate({ to: "/history" });
    },
    [navigate, userId],
  );
  // A fresh screen, with what is on record by now.
  const onAskAgain = useCallback(() => void refetch().then(() => setScreen((last) => last + 1)), [refetch]);
  const setting = useMemo(() => ({ ...ALONE, local: data?.local ?? null }), [data]);
  if (data === null) return <ErasedPrompt />;
  if (!data) return <Busy />;
  const { assignment } = data;
  if (!assignment.submission) {
    return (
      <Page title={t("Not answered")} width="narrow">
        <Alert color="yellow">{t("You have not answered this task yet.")}</Alert>
      </Page>
    );
  }
  return (
    <TaskScreen
      assignment={assignment}
      mode="revise"
      screen={screen}
      setting={setting}
      onDone={(done) => void onDone(done)}
      onAskAgain={onAskAgain}
    />
  );
}

function useOwnAnswer(assignmentId: number, userId: number) {
  return useQuery({
    queryKey: ["own-answer", assignmentId],
    queryFn: async () => {
      await outbox.start(userId);
      const params = { path: { assignment_id: assignmentId } };
      const { data: assignment } = await api
        .GET("/api/v1/assignments/{assignment_id}", { params })
        .catch((error) => {
          if (isErasure(error)) return { data: null };
          throw error;
        });
      return assignment === null
        ? null
        : assignment && { assignment, local: await localCopy(userId, assignment, "revise") };
    },
    // Not while somebody edits it: what is on the screen is theirs.
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    throwOnError: true,
  });
}
