import { Button, Group, Modal, Radio, Stack, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { $api, invalidate, type Schemas } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { FieldErrors } from "@/ui/FieldErrors";

type Body = Schemas["CreateDatasetRequest"];

const KINDS: { value: Body["kind"]; label: string; description: string }[] = [
  {
    value: "comparisons",
    label: "Comparisons",
    description: "Rankings of K responses: what a reward model learns from.",
  },
  {
    value: "demonstrations",
    label: "Demonstrations",
    description: "Answers that people wrote: for supervised fine-tuning.",
  },
  { value: "prompts", label: "Prompts", description: "Questions alone: for PPO and for sampling." },
];
const INITIAL: Body = { name: "", kind: "comparisons", description: "" };

export function NewDataset() {
  const [isOpen, dialog] = useDisclosure(false);
  const navigate = useNavigate();
  const form = useForm({ initialValues: INITIAL });
  const make = $api.useMutation("post", "/api/v1/datasets", {
    onSuccess: async (dataset) => {
      await invalidate("/api/v1/datasets");
      dialog.close();
      await navigate({ to: "/datasets/$datasetId/freeze", params: { datasetId: String(dataset.id) } });
    },
  });
  const errors = fieldErrors(make.error, ["name", "kind", "description"]);
  return (
    <>
      <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={dialog.open}>
        New dataset
      </Button>
      <Modal opened={isOpen} onClose={dialog.close} title="New dataset">
        <form onSubmit={form.onSubmit((body) => make.mutate({ body }))}>
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
            <Radio.Group label="Kind" {...form.getInputProps("kind")} error={errors.kind}>
              <Stack gap="xs" mt={6}>
                {KINDS.map((kind) => (
                  <Radio key={kind.value} {...kind} />
                ))}
              </Stack>
            </Radio.Group>
            <Textarea
              label="Description"
              autosize
              minRows={2}
              {...form.getInputProps("description")}
              error={errors.description}
            />
            <Group justify="flex-end">
              <Button type="submit" loading={make.isPending}>
                Choose the rows
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
