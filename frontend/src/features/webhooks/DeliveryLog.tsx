import { Button, Code, Group, Modal, Select, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { $api } from "@/api/client";
import { errorMessage } from "@/api/errors";
import {
  type Delivery,
  eventLabel,
  sendAgain,
  subjectOf,
  type Webhook,
} from "@/features/webhooks/webhookQueries";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { Facts } from "@/ui/Facts";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatNumber } from "@/ui/format";
import { RelativeTime } from "@/ui/RelativeTime";
import { StatusBadge, type Tone } from "@/ui/StatusBadge";

type State = Delivery["state"];

const STATE: Record<State, string> = { waiting: "Waiting", delivered: "Delivered", given_up: "Given up" };
const TONE: Record<State, Tone> = { waiting: "live", delivered: "good", given_up: "bad" };

/** What was sent to a webhook and what became of it, newest first. */
export function DeliveryLog({ webhook }: { webhook: Webhook }) {
  const { page = 1, state } = useSearch({ from: "/members/system/webhooks/$webhookId" });
  const navigate = useNavigate({ from: "/system/webhooks/$webhookId" });
  const [shown, setShown] = useState<Delivery | null>(null);
  const { data, error, isPending } = $api.useQuery("get", "/api/v1/webhooks/{webhook_id}/deliveries", {
    params: { path: { webhook_id: webhook.id }, query: { page, ...(state && { state }) } },
  });
  const again = useMutation({ mutationFn: sendAgain });
  const failed = error ?? again.error;
  const columns: Column<Delivery>[] = [
    {
      key: "event",
      header: "Message",
      width: "14rem",
      render: (delivery) => (
        <Stack gap={0}>
          <span>{eventLabel(delivery.event)}</span>
          <Text size="xs" style={{ overflowWrap: "anywhere" }}>
            <bdi>{subjectOf(delivery)}</bdi>
          </Text>
          <Text size="xs" c="dimmed">
            <RelativeTime at={delivery.created_at} />
          </Text>
        </Stack>
      ),
    },
    {
      key: "state",
      header: "State",
      width: "8rem",
      render: (delivery) => <DeliveryState delivery={delivery} />,
    },
    { key: "attempts", header: "Attempts", align: "right", render: ({ attempts }) => formatNumber(attempts) },
    {
      key: "answer",
      header: "Last answer",
      width: "14rem",
      render: (delivery) => <Answer delivery={delivery} />,
    },
    {
      key: "actions",
      header: "",
      align: "right",
      render: (delivery) => (
        <Group gap="xs" justify="flex-end" wrap="nowrap">
          <Button variant="default" size="compact-sm" onClick={() => setShown(delivery)}>
            Details
          </Button>
          <Button
            variant="default"
            size="compact-sm"
            disabled={Boolean(webhook.paused_at)}
            loading={again.isPending && again.variables.id === delivery.id}
            onClick={() => again.mutate(delivery)}
          >
            {delivery.state === "waiting" ? "Send now" : "Send again"}
          </Button>
        </Group>
      ),
    },
  ];
  return (
    <Stack>
      <Select
        label="State"
        placeholder="All"
        clearable
        w="12rem"
        data={Object.entries(STATE).map(([value, label]) => ({ value, label }))}
        value={state ?? null}
        onChange={(next) => void navigate({ search: { state: (next as State | null) ?? undefined } })}
      />
      {failed && <FieldErrors message={errorMessage(failed)} />}
      <DataTable
        label="Messages"
        columns={columns}
        rows={data?.results}
        rowKey={(delivery) => delivery.id}
        isLoading={isPending}
        count={data?.count}
        page={page}
        onPageChange={(next) =>
          void navigate({ search: (before) => ({ ...before, page: next > 1 ? next : undefined }) })
        }
        empty={
          <EmptyState title={state ? "No message is in this state" : "Nothing was sent yet"}>
            {!state && "Send a test to see whether it arrives."}
          </EmptyState>
        }
      />
      <Modal
        opened={Boolean(shown)}
        onClose={() => setShown(null)}
        title={shown ? eventLabel(shown.event) : ""}
        size="lg"
      >
        {shown && <Details delivery={data?.results.find(({ id }) => id === shown.id) ?? shown} />}
      </Modal>
    </Stack>
  );
}

function DeliveryState({ delivery }: { delivery: Delivery }) {
  const isLater = delivery.state === "waiting" && new Date(delivery.due_at).getTime() > Date.now();
  return (
    <Stack gap={0}>
      <StatusBadge tone={TONE[delivery.state]}>{STATE[delivery.state]}</StatusBadge>
      {isLater && (
        <Text size="xs" c="dimmed">
          next <RelativeTime at={delivery.due_at} />
        </Text>
      )}
    </Stack>
  );
}

function Answer({ delivery }: { delivery: Delivery }) {
  if (!delivery.tried_at) return <Text c="dimmed">none yet</Text>;
  return (
    <Stack gap={0}>
      <span>
        {delivery.status_code ?? "No answer"} · {formatNumber(delivery.duration_ms ?? 0)} ms
      </span>
      {delivery.error && (
        <Text size="xs" c="dimmed" lineClamp={2} style={{ overflowWrap: "anywhere" }}>
          {delivery.error}
        </Text>
      )}
    </Stack>
  );
}

function Details({ delivery }: { delivery: Delivery }) {
  return (
    <Stack>
      <Facts
        facts={[
          { label: "Id", value: <Code style={{ overflowWrap: "anywhere" }}>{delivery.message_id}</Code> },
          { label: "State", value: <DeliveryState delivery={delivery} /> },
          { label: "Attempts", value: formatNumber(delivery.attempts) },
          { label: "Last tried", value: delivery.tried_at && <RelativeTime at={delivery.tried_at} /> },
          { label: "Status", value: delivery.status_code },
          { label: "Error", value: delivery.error },
        ]}
      />
      <Text fw={600}>Payload</Text>
      <Code block>{JSON.stringify(delivery.payload, null, 2)}</Code>
      {delivery.response && (
        <>
          <Text fw={600}>What it answered</Text>
          <Code block>{delivery.response}</Code>
        </>
      )}
    </Stack>
  );
}
