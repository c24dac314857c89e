import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { EmptyState } from "@/ui/EmptyState";
import { usePageTitle } from "@/ui/usePageTitle";

export function NotFound() {
  usePageTitle("Not found");
  return (
    <EmptyState title="There is nothing here for you" headingLevel={1}>
      The address may be mistyped, or the page may need a role that you do not have.
      <Button mt="md" renderRoot={(props) => <Link to="/" {...props} />}>
        Go home
      </Button>
    </EmptyState>
  );
}
