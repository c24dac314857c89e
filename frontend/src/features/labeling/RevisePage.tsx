import { Alert } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useCallback, useRef } from "react";
import { useTranslation } from "react-i18next";
import { api, invalidate } from "@/api/client";
import { useMe } from "@/api/session";
import { TaskScreen } from "@/features/labeling/TaskScreen";
import { readLocalDraft } from "@/features/labeling/task/localDraft";
import { outbox } from "@/features/labeling/task/outbox";
import { draftKeyOf } from "@/features/labeling/task/useWork";
import { Busy } from "@/ui/Busy";
import { Page } from "@/ui/Page";

/** An earlier answer, to be edited as its next revision. */
export function RevisePage() {
  const { t } = useTranslation();
  const assignmentId = Number(useParams({ from: "/members/history/$assignmentId" }).assignmentId);
  const navigate = useNavigate();
  const { data, refetch } = useOwnAnswer(assignmentId);
  const nothingInAdvance = useRef(null);
  const onDone = useCallback(async () => {
    await invalidate("/api/v1/history", "/api/v1/progress");
    await navigate({ to: "/history" });
  }, [navigate]);
  if (!data) return <Busy />;
  const { assignment, local } = data;
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
      local={local}
      preferredId={nothingInAdvance}
      onDone={() => void onDone()}
      onAskAgain={() => void refetch()}
    />
  );
}

function useOwnAnswer(assignmentId: number) {
  const userId = useMe().id;
  return useQuery({
    queryKey: ["own-answer", assignmentId],
    queryFn: async () => {
      await outbox.start(userId);
      const params = { path: { assignment_id: assignmentId } };
      const { data: assignment } = await api.GET("/api/v1/assignments/{assignment_id}", { params });
      return (
        assignment && { assignment, local: await readLocalDraft(draftKeyOf(userId, assignment, "revise")) }
      );
    },
    // Not while somebody edits it: what is on the screen is theirs.
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    throwOnError: true,
  });
}
