import { Alert, Code, Group, Text } from "@mantine/core";
import type { Webhook } from "@/features/webhooks/webhookQueries";
import { CopyButton } from "@/ui/CopyButton";

type NewSecretProps = { webhook: Webhook; secret: string; onClose: () => void };

/** The only time that a secret is shown. */
export function NewSecret({ webhook, secret, onClose }: NewSecretProps) {
  return (
    <Alert
      variant="light"
      title={`The secret of “${webhook.name}”`}
      withCloseButton
      closeButtonLabel="Hide the secret"
      onClose={onClose}
      mb="md"
    >
      <Text size="sm">
        By it the receiver knows that a message is ours. Copy it now: it cannot be shown again.
      </Text>
      <Group gap="xs" mt={6}>
        <Code style={{ overflowWrap: "anywhere" }}>{secret}</Code>
        <CopyButton value={secret} />
      </Group>
    </Alert>
  );
}
