import { Text } from "@mantine/core";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { $api } from "@/api/client";
import { UndoButton, useChangeEvents } from "@/features/prompts/ChangeActions";
import { CHANGE_STATE, type Change, changeLabel, changeOutcome } from "@/features/prompts/changeWords";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { TextLink } from "@/ui/links";
import { Page, PageHeader } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { StatusBadge } from "@/ui/StatusBadge";

const COLUMNS: Column<Change>[] = [
  {
    key: "what",
    header: "What",
    render: (change) => (
      <>
        {changeLabel(change)}
        <Text size="sm" c="dimmed">
          {changeOutcome(change)} · <RelativeTime at={change.created_at} /> by {change.created_by}
        </Text>
      </>
    ),
  },
  {
    key: "state",
    header: "State",
    render: ({ state = "waiting" }) => (
      <StatusBadge tone={CHANGE_STATE[state].tone}>{CHANGE_STATE[state].label}</StatusBadge>
    ),
  },
  { key: "undo", header: "", align: "right", render: (change) => <UndoButton change={change} /> },
];

/** What was done to many prompts at once, each with its undo. */
export function ChangesPage() {
  const [page, setPage] = useState(1);
  const { data, isPending } = $api.useQuery(
    "get",
    "/api/v1/prompts/changes",
    { params: { query: { page } } },
    { placeholderData: keepPreviousData },
  );
  useChangeEvents();
  return (
    <Page title="Changes to many prompts">
      <PageHeader
        title="Changes to many prompts"
        description={
          <>
            <TextLink to="/prompts">Prompts</TextLink> · Undoing leaves alone what was so before, and what was
            changed again since.
          </>
        }
      />
      <DataTable
        label="Changes to many prompts"
        columns={COLUMNS}
        rows={data?.results}
        rowKey={({ id }) => id}
        isLoading={isPending}
        count={data?.count}
        page={page}
        onPageChange={setPage}
        empty={
          <EmptyState title="Nothing was changed">
            Choose prompts in the list to tag them, archive them or put them into a project.
          </EmptyState>
        }
      />
    </Page>
  );
}
