import { Alert } from "@mantine/core";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useCallback } from "react";
import { $api, invalidate } from "@/api/client";
import { TaskScreen } from "@/features/labeling/TaskScreen";
import { Busy } from "@/ui/Busy";
import { Page } from "@/ui/Page";

/** An earlier answer, to be edited as its next revision. */
export function RevisePage() {
  const assignmentId = Number(useParams({ from: "/members/history/$assignmentId" }).assignmentId);
  const navigate = useNavigate();
  const { data: assignment, refetch } = $api.useQuery(
    "get",
    "/api/v1/assignments/{assignment_id}",
    { params: { path: { assignment_id: assignmentId } } },
    // Not while somebody edits it: what is on the screen is theirs.
    { staleTime: 0, gcTime: 0, refetchOnWindowFocus: false, refetchOnReconnect: false, throwOnError: true },
  );
  const onDone = useCallback(async () => {
    await invalidate("/api/v1/history", "/api/v1/progress");
    await navigate({ to: "/history" });
  }, [navigate]);
  if (!assignment) return <Busy />;
  if (!assignment.submission) {
    return (
      <Page title="Not answered" width="narrow">
        <Alert color="yellow">You have not answered this task yet.</Alert>
      </Page>
    );
  }
  return (
    <TaskScreen
      assignment={assignment}
      mode="revise"
      onDone={() => void onDone()}
      onAskAgain={() => void refetch()}
    />
  );
}
