import { Button, Checkbox, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { api } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { EVENTS, refresh, type Webhook, type WebhookEvent } from "@/features/webhooks/webhookQueries";
import { FieldErrors } from "@/ui/FieldErrors";

type WebhookFormProps = {
  /** The one to change; null for a new one. */
  webhook: Webhook | null;
  isOpen: boolean;
  onClose: () => void;
  onAdded?: (webhook: Webhook) => void;
};

export function WebhookForm({ webhook, isOpen, onClose, onAdded }: WebhookFormProps) {
  const form = useForm({
    initialValues: {
      name: webhook?.name ?? "",
      url: webhook?.url ?? "",
      events: (webhook ? [...webhook.events] : EVENTS.map(([event]) => event)) as WebhookEvent[],
    },
  });
  const save = useMutation({
    mutationFn: async (body: typeof form.values) => {
      if (webhook) {
        await api.PATCH("/api/v1/webhooks/{webhook_id}", {
          params: { path: { webhook_id: webhook.id } },
          body,
        });
        return null;
      }
      const { data } = await api.POST("/api/v1/webhooks", { body });
      return data ?? null;
    },
    onSuccess: async (added) => {
      if (added) onAdded?.(added);
      await refresh();
      onClose();
    },
  });
  const errors = fieldErrors(save.error, ["name", "url", "events"]);
  return (
    <Modal opened={isOpen} onClose={onClose} title={webhook ? `Edit ${webhook.name}` : "Add a webhook"}>
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          <FieldErrors message={errors[""]} />
          <TextInput
            label="Name"
            required
            maxLength={120}
            data-autofocus
            {...form.getInputProps("name")}
            error={errors.name}
          />
          <TextInput
            label="Address"
            description="It gets a signed POST for each event. Never with a prompt’s or a label’s text."
            placeholder="https://ci.example.org/hooks/labelapp"
            required
            maxLength={500}
            inputMode="url"
            autoComplete="off"
            spellCheck={false}
            {...form.getInputProps("url")}
            error={errors.url}
          />
          <Checkbox.Group label="Tell it of" required {...form.getInputProps("events")} error={errors.events}>
            <Stack gap={6} mt={6}>
              {EVENTS.map(([event, label]) => (
                <Checkbox key={event} value={event} label={label} />
              ))}
            </Stack>
          </Checkbox.Group>
          <Group justify="flex-end">
            <Button type="submit" loading={save.isPending} disabled={!form.values.events.length}>
              {webhook ? "Save" : "Add"}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
