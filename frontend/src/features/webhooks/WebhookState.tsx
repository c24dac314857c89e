import type { Webhook } from "@/features/webhooks/webhookQueries";
import { StatusBadge } from "@/ui/StatusBadge";

export function WebhookState({ webhook }: { webhook: Webhook }) {
  if (webhook.paused_because) return <StatusBadge tone="bad">Paused after failures</StatusBadge>;
  if (webhook.paused_at) return <StatusBadge tone="warn">Paused</StatusBadge>;
  if (!webhook.last_tried_at) return <StatusBadge tone="quiet">Nothing sent yet</StatusBadge>;
  return webhook.last_error ? (
    <StatusBadge tone="warn">Last one failed</StatusBadge>
  ) : (
    <StatusBadge tone="good">Delivers</StatusBadge>
  );
}
