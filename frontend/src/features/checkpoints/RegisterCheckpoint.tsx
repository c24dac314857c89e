import { Button, Group, Modal, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { $api, invalidate, type Schemas } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { CHECKPOINT_KIND, options } from "@/api/labels";
import { FieldErrors } from "@/ui/FieldErrors";

type Body = Schemas["RegisterCheckpointRequest"];

const INITIAL: Body = { name: "", kind: "base", location: "", description: "" };

export function RegisterCheckpoint() {
  const [isOpen, dialog] = useDisclosure(false);
  const navigate = useNavigate();
  const form = useForm({ initialValues: INITIAL });
  const register = $api.useMutation("post", "/api/v1/checkpoints", {
    onSuccess: async (checkpoint) => {
      await invalidate("/api/v1/checkpoints");
      dialog.close();
      await navigate({ to: "/checkpoints/$checkpointId", params: { checkpointId: String(checkpoint.id) } });
    },
  });
  const errors = fieldErrors(register.error, ["name", "kind", "location", "description"]);
  return (
    <>
      <Button onClick={dialog.open}>Register a model</Button>
      <Modal opened={isOpen} onClose={dialog.close} title="Register a model" size="lg">
        <form onSubmit={form.onSubmit((body) => register.mutate({ body }))}>
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
              label="Location"
              description="A directory on the server with config.json and *.safetensors, or a hub name such as organisation/model."
              required
              maxLength={500}
              {...form.getInputProps("location")}
              error={errors.location}
            />
            <Select
              label="Kind"
              data={options(CHECKPOINT_KIND)}
              allowDeselect={false}
              {...form.getInputProps("kind")}
              error={errors.kind}
            />
            <Textarea
              label="Description"
              autosize
              minRows={2}
              {...form.getInputProps("description")}
              error={errors.description}
            />
            <Group justify="flex-end">
              <Button type="submit" loading={register.isPending}>
                Register
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
