import { Button } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { $api, api, invalidate, queryClient } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { isLive, type Run } from "@/features/runs/runQueries";
import { ConfirmButton } from "@/ui/ConfirmButton";
import { FieldErrors } from "@/ui/FieldErrors";
import { LinkButton } from "@/ui/links";

function show(run: Run | undefined): Promise<unknown> {
  if (run)
    queryClient.setQueryData(["get", "/api/v1/runs/{run_id}", { params: { path: { run_id: run.id } } }], run);
  return invalidate("/api/v1/runs", "/api/v1/runs/{run_id}");
}

async function cancel(run: Run): Promise<void> {
  const { data } = await api.POST("/api/v1/runs/{run_id}/cancel", { params: { path: { run_id: run.id } } });
  await show(data);
}

export function RunActions({ run, isAdmin }: { run: Run; isAdmin: boolean }) {
  const resume = $api.useMutation("post", "/api/v1/runs/{run_id}/resume", { onSuccess: show });
  const canResume = run.state === "failed" || run.state === "cancelled";
  return (
    <>
      {resume.error && <FieldErrors message={errorMessage(resume.error)} />}
      {isAdmin && canResume && (
        <Button
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
          loading={resume.isPending}
          onClick={() => resume.mutate({ params: { path: { run_id: run.id } } })}
        >
          Resume
        </Button>
      )}
      {isAdmin && isLive(run) && !run.cancel_requested_at && (
        <ConfirmButton
          title="Cancel this run?"
          question="It stops after writing a checkpoint, and can be resumed from there."
          confirmLabel="Cancel the run"
          dismissLabel="Keep it running"
          onConfirm={() => cancel(run)}
        >
          Cancel
        </ConfirmButton>
      )}
      <LinkButton to="/runs/compare" search={{ a: run.id }} variant="default">
        Compare
      </LinkButton>
      {isAdmin && (
        <LinkButton to="/runs/new" search={{ again: run.id }} variant="default">
          Launch again
        </LinkButton>
      )}
    </>
  );
}
