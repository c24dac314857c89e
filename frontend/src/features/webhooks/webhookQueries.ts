/** What the pages of webhooks share. */
import { api, invalidate, type Schemas } from "@/api/client";

export type Webhook = Schemas["Webhook"];
export type Delivery = Schemas["Delivery"];
export type WebhookEvent = Webhook["events"][number];

export const EVENT: Record<WebhookEvent, string> = {
  "dataset.frozen": "Dataset frozen",
  "run.ended": "Run ended",
  "project.done": "Project done",
};
export const EVENTS = Object.entries(EVENT) as [WebhookEvent, string][];

/** Of a delivery, which may also be a test. */
export function eventLabel(event: string): string {
  return event in EVENT ? EVENT[event as WebhookEvent] : "Test";
}

/** What a message is about, by the names in it; nothing of a test. */
export function subjectOf({ payload }: Pick<Delivery, "payload">): string {
  const { run, dataset, version, project } = payload.data as Record<string, { name: string; number: number }>;
  return dataset && version ? `${dataset.name} v${version.number}` : ((run ?? project)?.name ?? "");
}

/** Refetched when a message was written, sent or given up. */
export const WATCHED = [
  ["get", "/api/v1/webhooks"],
  ["get", "/api/v1/webhooks/{webhook_id}"],
  ["get", "/api/v1/webhooks/{webhook_id}/deliveries"],
];

export function refresh(): Promise<unknown> {
  return invalidate(
    "/api/v1/webhooks",
    "/api/v1/webhooks/{webhook_id}",
    "/api/v1/webhooks/{webhook_id}/deliveries",
  );
}

export async function setPaused(webhook: Webhook, paused: boolean): Promise<void> {
  await api.PATCH("/api/v1/webhooks/{webhook_id}", {
    params: { path: { webhook_id: webhook.id } },
    body: { paused },
  });
  await refresh();
}

/** The new secret; null if the answer got lost. */
export async function replaceSecret(webhook: Webhook): Promise<string | null> {
  const { data } = await api.POST("/api/v1/webhooks/{webhook_id}/secret", {
    params: { path: { webhook_id: webhook.id } },
  });
  await refresh();
  return data?.secret ?? null;
}

export async function sendTest(webhook: Webhook): Promise<void> {
  await api.POST("/api/v1/webhooks/{webhook_id}/test", { params: { path: { webhook_id: webhook.id } } });
  await refresh();
}

export async function sendAgain(delivery: Delivery): Promise<void> {
  await api.POST("/api/v1/webhook-deliveries/{delivery_id}/send-again", {
    params: { path: { delivery_id: delivery.id } },
  });
  await refresh();
}
