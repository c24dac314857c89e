import { Button, Code, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { $api } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { useEvents } from "@/api/events";
import { NewSecret } from "@/features/webhooks/NewSecret";
import { WebhookForm } from "@/features/webhooks/WebhookForm";
import { WebhookState } from "@/features/webhooks/WebhookState";
import { EVENT, WATCHED, type Webhook } from "@/features/webhooks/webhookQueries";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatNumber } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { Page, PageHeader } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";

const COLUMNS: Column<Webhook>[] = [
  {
    key: "name",
    header: "Webhook",
    width: "16rem",
    render: (webhook) => (
      <Stack gap={2} align="flex-start">
        <TextLink to="/system/webhooks/$webhookId" params={{ webhookId: String(webhook.id) }} fw={500}>
          {webhook.name}
        </TextLink>
        <Code style={{ overflowWrap: "anywhere" }}>{webhook.url}</Code>
      </Stack>
    ),
  },
  {
    key: "events",
    header: "Is told of",
    width: "13rem",
    render: (webhook) => webhook.events.map((event) => EVENT[event]).join(", "),
  },
  { key: "state", header: "State", width: "9rem", render: (webhook) => <WebhookState webhook={webhook} /> },
  {
    key: "waiting",
    header: "Waiting",
    align: "right",
    render: (webhook) => formatNumber(webhook.waiting_count),
  },
  { key: "tried", header: "Last sent", render: (webhook) => <RelativeTime at={webhook.last_tried_at} /> },
];

/** Whoever is told what happens here. */
export function WebhooksPage() {
  const { page = 1 } = useSearch({ from: "/members/system/webhooks" });
  const navigate = useNavigate({ from: "/system/webhooks" });
  const { data, error, isPending } = $api.useQuery("get", "/api/v1/webhooks", {
    params: { query: { page } },
  });
  useEvents(["webhooks"], WATCHED);
  const [isOpen, dialog] = useDisclosure(false);
  const [added, setAdded] = useState<Webhook | null>(null);
  return (
    <Page title="Webhooks">
      <PageHeader
        title="Webhooks"
        description={
          <>
            <TextLink to="/system">System</TextLink> · programs that are told when a dataset is frozen, a run
            ends or a project is done
          </>
        }
        actions={<Button onClick={dialog.open}>Add a webhook</Button>}
      />
      {added?.secret && <NewSecret webhook={added} secret={added.secret} onClose={() => setAdded(null)} />}
      {error && <FieldErrors message={errorMessage(error)} />}
      <DataTable
        label="Webhooks"
        columns={COLUMNS}
        rows={data?.results}
        rowKey={(webhook) => webhook.id}
        isLoading={isPending}
        count={data?.count}
        page={page}
        onPageChange={(next) => void navigate({ search: { page: next > 1 ? next : undefined } })}
        empty={
          <EmptyState title="Nobody is told">
            Add the address of a program that waits for datasets, runs or projects. Each message is signed,
            and tried again for a day.
          </EmptyState>
        }
      />
      <WebhookForm
        key={String(isOpen)}
        webhook={null}
        isOpen={isOpen}
        onClose={dialog.close}
        onAdded={setAdded}
      />
    </Page>
  );
}
