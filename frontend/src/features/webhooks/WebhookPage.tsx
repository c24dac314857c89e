import { Button, Code } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { $api, api, invalidate } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { useEvents } from "@/api/events";
import { rowId } from "@/api/rowId";
import { DeliveryLog } from "@/features/webhooks/DeliveryLog";
import { NewSecret } from "@/features/webhooks/NewSecret";
import { WebhookForm } from "@/features/webhooks/WebhookForm";
import { WebhookState } from "@/features/webhooks/WebhookState";
import {
  EVENT,
  replaceSecret,
  sendTest,
  setPaused,
  WATCHED,
  type Webhook,
} from "@/features/webhooks/webhookQueries";
import { ConfirmButton } from "@/ui/ConfirmButton";
import { Facts } from "@/ui/Facts";
import { FieldErrors } from "@/ui/FieldErrors";
import { TextLink } from "@/ui/links";
import { Notice } from "@/ui/Notice";
import { Page, PageHeader, Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";

export function WebhookPage() {
  const id = rowId(useParams({ from: "/members/system/webhooks/$webhookId" }).webhookId);
  const { data: webhook } = $api.useSuspenseQuery("get", "/api/v1/webhooks/{webhook_id}", {
    params: { path: { webhook_id: id } },
  });
  useEvents(["webhooks"], WATCHED);
  const [secret, setSecret] = useState<string | null>(null);
  const until = webhook.previous_secret_until;
  return (
    <Page title={webhook.name}>
      <PageHeader
        title={webhook.name}
        description={
          <>
            <TextLink to="/system/webhooks">Webhooks</TextLink> · added{" "}
            <RelativeTime at={webhook.created_at} />
          </>
        }
        actions={<Actions webhook={webhook} onSecret={setSecret} />}
      />
      {secret && <NewSecret webhook={webhook} secret={secret} onClose={() => setSecret(null)} />}
      {webhook.paused_because && (
        <Notice tone="bad" title="It was paused because it failed">
          {webhook.paused_because} What it should be told waits: put the receiver right, then resume.
        </Notice>
      )}
      <Facts
        facts={[
          { label: "Address", value: <Code style={{ overflowWrap: "anywhere" }}>{webhook.url}</Code> },
          { label: "Is told of", value: webhook.events.map((event) => EVENT[event]).join(", ") },
          { label: "State", value: <WebhookState webhook={webhook} /> },
          { label: "Last error", value: webhook.last_error },
          {
            label: "Previous secret",
            value: until && (
              <>
                signs, too; it ends <RelativeTime at={until} />
              </>
            ),
          },
        ]}
      />
      <Section
        title="Messages"
        description="Each is tried again for a day, then given up; kept for 30 days after that."
      >
        <DeliveryLog webhook={webhook} />
      </Section>
    </Page>
  );
}

type ActionsProps = { webhook: Webhook; onSecret: (secret: string | null) => void };

function Actions({ webhook, onSecret }: ActionsProps) {
  const navigate = useNavigate();
  const [isOpen, dialog] = useDisclosure(false);
  const test = useMutation({ mutationFn: () => sendTest(webhook) });
  const pause = useMutation({ mutationFn: () => setPaused(webhook, !webhook.paused_at) });
  const failed = test.error ?? pause.error;
  const remove = async () => {
    await api.DELETE("/api/v1/webhooks/{webhook_id}", { params: { path: { webhook_id: webhook.id } } });
    await navigate({ to: "/system/webhooks" });
    await invalidate("/api/v1/webhooks");
  };
  return (
    <>
      {failed && <FieldErrors message={errorMessage(failed)} />}
      <Button onClick={() => test.mutate()} loading={test.isPending} disabled={Boolean(webhook.paused_at)}>
        Send a test
      </Button>
      <Button variant="default" onClick={dialog.open}>
        Edit
      </Button>
      <Button variant="default" onClick={() => pause.mutate()} loading={pause.isPending}>
        {webhook.paused_at ? "Resume" : "Pause"}
      </Button>
      <ConfirmButton
        variant="default"
        title="Replace the secret?"
        question="Messages are signed by the new secret at once, and for 24 hours by the old one, too: give the receiver the new one until then."
        confirmLabel="Replace the secret"
        onConfirm={async () => onSecret(await replaceSecret(webhook))}
      >
        Replace the secret
      </ConfirmButton>
      <ConfirmButton
        title={`Delete “${webhook.name}”?`}
        question="Its secret and its log go with it, and what waits for it is never sent."
        confirmLabel="Delete"
        onConfirm={remove}
      >
        Delete
      </ConfirmButton>
      <WebhookForm key={String(isOpen)} webhook={webhook} isOpen={isOpen} onClose={dialog.close} />
    </>
  );
}
