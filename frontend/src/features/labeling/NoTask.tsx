import { Button, Group } from "@mantine/core";
import { IconCoffee, IconHourglass, IconPlayerPause } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "@/api/client";
import { EmptyState } from "@/ui/EmptyState";
import { formatTime } from "@/ui/format";
import { usePageTitle } from "@/ui/usePageTitle";

type NoTaskProps = { next: Schemas["Next"]; onAskAgain: () => void; isAsking: boolean };

/** Says which it is: nothing left, all in other hands until a known time, or paused. */
export function NoTask({ next, onAskAgain, isAsking }: NoTaskProps) {
  usePageTitle("No task");
  const { title, text, Icon } = explained(next);
  return (
    <EmptyState title={title} headingLevel={1} icon={<Icon size={36} stroke={1.2} aria-hidden />}>
      <span role="status">{text}</span>
      <Group mt="md" justify="center">
        <Button renderRoot={(props) => <Link to="/label" {...props} />}>Other projects</Button>
        <Button variant="default" loading={isAsking} onClick={onAskAgain}>
          Ask again
        </Button>
      </Group>
    </EmptyState>
  );
}

function explained({ status, until }: Schemas["Next"]) {
  if (status === "busy") {
    const when = until ? `until ${formatTime(new Date(until))}` : "at the moment";
    return {
      title: "Every task is in somebody’s hands",
      text: `The first may come free ${when}. This page asks again by itself.`,
      Icon: IconHourglass,
    };
  }
  if (status === "paused") {
    return {
      title: "This project is paused",
      text: "It goes on when a researcher starts it again. Drafts are kept.",
      Icon: IconPlayerPause,
    };
  }
  return {
    title: "You have done everything here",
    text: "New tasks appear on this page by themselves.",
    Icon: IconCoffee,
  };
}
