import { Button, Group, Modal, NumberInput, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { api, invalidate, type Schemas } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { FieldErrors } from "@/ui/FieldErrors";

type Endpoint = Schemas["Endpoint"];
type EndpointFormProps = { endpoint: Endpoint | null; isOpen: boolean; onClose: () => void };

const FIELDS = ["name", "base_url", "model", "api_key", "timeout_seconds", "max_concurrency"] as const;

/** For a new endpoint, and for changing one; a key that is left empty stays as it is. */
export function EndpointForm({ endpoint, isOpen, onClose }: EndpointFormProps) {
  const form = useForm({
    initialValues: {
      name: endpoint?.name ?? "",
      base_url: endpoint?.base_url ?? "",
      model: endpoint?.model ?? "",
      api_key: "",
      timeout_seconds: endpoint?.timeout_seconds ?? 60,
      max_concurrency: endpoint?.max_concurrency ?? 8,
    },
  });
  const save = useMutation({
    mutationFn: async ({ api_key, ...rest }: typeof form.values) => {
      const body = { ...rest, ...(api_key && { api_key }) };
      if (endpoint)
        await api.PATCH("/api/v1/endpoints/{endpoint_id}", {
          params: { path: { endpoint_id: endpoint.id } },
          body,
        });
      else await api.POST("/api/v1/endpoints", { body });
    },
    onSuccess: async () => {
      await invalidate("/api/v1/endpoints");
      onClose();
    },
  });
  const errors = fieldErrors(save.error, FIELDS);
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={endpoint ? `Edit ${endpoint.name}` : "Register an endpoint"}
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          <FieldErrors message={errors[""]} />
          <TextInput
            label="Name"
            required
            data-autofocus
            {...form.getInputProps("name")}
            error={errors.name}
          />
          <TextInput
            label="Base URL"
            placeholder="http://vllm:8000/v1"
            required
            {...form.getInputProps("base_url")}
            error={errors.base_url}
          />
          <TextInput
            label="Model"
            description="The name by which the server knows it."
            required
            {...form.getInputProps("model")}
            error={errors.model}
          />
          <PasswordInput
            label="API key"
            description={
              endpoint?.has_api_key
                ? "One is stored; leave this empty to keep it."
                : "If the server wants one."
            }
            autoComplete="off"
            {...form.getInputProps("api_key")}
            error={errors.api_key}
          />
          <Group grow align="flex-start">
            <NumberInput
              label="Timeout"
              suffix=" s"
              min={1}
              {...form.getInputProps("timeout_seconds")}
              error={errors.timeout_seconds}
            />
            <NumberInput
              label="Requests at once"
              min={1}
              {...form.getInputProps("max_concurrency")}
              error={errors.max_concurrency}
            />
          </Group>
          <Group justify="flex-end">
            <Button type="submit" loading={save.isPending}>
              {endpoint ? "Save" : "Register"}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
