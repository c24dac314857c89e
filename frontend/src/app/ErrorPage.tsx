import { Button } from "@mantine/core";
import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { errorMessage, isStatus } from "@/api/errors";
import { NotFound } from "@/app/NotFound";
import { EmptyState } from "@/ui/EmptyState";
import { usePageTitle } from "@/ui/usePageTitle";

/** A page that threw. What is typed in drafts is stored already, so trying again is always safe. */
export function ErrorPage({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  usePageTitle("Something went wrong");
  if (isStatus(error, 404)) return <NotFound />;
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return (
    <EmptyState title="This page could not be shown" headingLevel={1}>
      {errorMessage(error)}
      <Button mt="md" onClick={retry}>
        Try again
      </Button>
    </EmptyState>
  );
}
