import { Button, Group, Modal, Stack, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { $api, invalidate } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { FieldErrors } from "@/ui/FieldErrors";
import { toast } from "@/ui/toasts";

/** What the browser's field says, as the API wants it; nothing is now. */
export function occurredAt(local: string): { occurred_at?: string } {
  return local ? { occurred_at: new Date(local).toISOString() } : {};
}

export function RecordConsent() {
  const [isOpen, dialog] = useDisclosure(false);
  return (
    <>
      <Button onClick={dialog.open}>Record a consent</Button>
      <Modal opened={isOpen} onClose={dialog.close} title="Record a consent" size="lg">
        <RecordForm onClose={dialog.close} />
      </Modal>
    </>
  );
}

const INITIAL = { submitter: "", model: "", way: "", wording_version: "", wording: "", occurred_at: "" };

function RecordForm({ onClose }: { onClose: () => void }) {
  const form = useForm({ initialValues: INITIAL });
  const record = $api.useMutation("post", "/api/v1/consents", {
    onSuccess: async () => {
      await invalidate("/api/v1/consents", "/api/v1/consents/standing");
      toast({ message: "Recorded." });
      onClose();
    },
  });
  const errors = fieldErrors(record.error, Object.keys(INITIAL));
  return (
    <form
      onSubmit={form.onSubmit(({ occurred_at, ...body }) =>
        record.mutate({ body: { ...body, ...occurredAt(occurred_at) } }),
      )}
    >
      <Stack>
        <FieldErrors message={errors[""]} />
        <Group grow align="flex-start">
          <TextInput
            label="Submitter"
            required
            data-autofocus
            description="Their key, as in what they send."
            {...form.getInputProps("submitter")}
            error={errors.submitter}
          />
          <TextInput
            label="Model"
            required
            description="At the switch to which they were asked."
            {...form.getInputProps("model")}
            error={errors.model}
          />
        </Group>
        <Group grow align="flex-start">
          <TextInput
            label="How they said so"
            placeholder="On the playground’s page"
            {...form.getInputProps("way")}
            error={errors.way}
          />
          <TextInput
            label="When"
            description="Now, where it is empty."
            type="datetime-local"
            {...form.getInputProps("occurred_at")}
            error={errors.occurred_at}
          />
        </Group>
        <TextInput
          label="Version of the wording"
          required
          {...form.getInputProps("wording_version")}
          error={errors.wording_version}
        />
        <Textarea
          label="The words that they agreed to"
          required
          autosize
          minRows={3}
          {...form.getInputProps("wording")}
          error={errors.wording}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={record.isPending}>
            Record it
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
