import { Button, Code, Group, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { $api, api, invalidate, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { EndpointForm } from "@/features/checkpoints/EndpointForm";
import { ConfirmButton } from "@/ui/ConfirmButton";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { FieldErrors } from "@/ui/FieldErrors";
import { TextLink } from "@/ui/links";
import { Page, PageHeader } from "@/ui/Page";

type Endpoint = Schemas["Endpoint"];

async function archive(endpoint: Endpoint): Promise<void> {
  await api.PATCH("/api/v1/endpoints/{endpoint_id}", {
    params: { path: { endpoint_id: endpoint.id } },
    body: { archived: true },
  });
  await invalidate("/api/v1/endpoints");
}

export function EndpointsPage() {
  const { data, error, isPending } = $api.useQuery("get", "/api/v1/endpoints");
  const [isOpen, dialog] = useDisclosure(false);
  const [edited, setEdited] = useState<Endpoint | null>(null);
  const open = (endpoint: Endpoint | null) => {
    setEdited(endpoint);
    dialog.open();
  };
  const columns: Column<Endpoint>[] = [
    {
      key: "name",
      header: "Endpoint",
      render: (endpoint) => (
        <Stack gap={0}>
          <Text fw={500}>{endpoint.name}</Text>
          <Code>{endpoint.base_url}</Code>
        </Stack>
      ),
    },
    { key: "model", header: "Model", render: (endpoint) => endpoint.model },
    {
      key: "key",
      header: "Key",
      render: (endpoint) => (endpoint.has_api_key ? "stored, encrypted" : "none"),
    },
    {
      key: "limits",
      header: "Limits",
      render: (endpoint) => `${endpoint.max_concurrency} at once, ${endpoint.timeout_seconds} s each`,
    },
    {
      key: "actions",
      header: "",
      align: "right",
      render: (endpoint) => (
        <Group gap="xs" justify="flex-end" wrap="nowrap">
          <Button variant="default" size="compact-sm" onClick={() => open(endpoint)}>
            Edit
          </Button>
          <ConfirmButton
            size="compact-sm"
            title={`Archive “${endpoint.name}”?`}
            question="It is offered for no new run."
            confirmLabel="Archive"
            onConfirm={() => archive(endpoint)}
          >
            Archive
          </ConfirmButton>
        </Group>
      ),
    },
  ];
  const add = <Button onClick={() => open(null)}>Register an endpoint</Button>;
  return (
    <Page title="Endpoints">
      <PageHeader
        title="Endpoints"
        description={
          <>
            <TextLink to="/checkpoints">Checkpoints</TextLink> · servers that speak OpenAI’s protocol: vLLM,
            SGLang, TGI, Ollama. A sample run can draw from one.
          </>
        }
        actions={add}
      />
      {error && <FieldErrors message={errorMessage(error)} />}
      <DataTable
        label="Endpoints"
        columns={columns}
        rows={data?.results}
        rowKey={(endpoint) => endpoint.id}
        isLoading={isPending}
        empty={
          <EmptyState title="No endpoint is registered">
            Register one to sample from a model that another server runs.
          </EmptyState>
        }
      />
      <EndpointForm
        key={`${edited?.id ?? "new"} ${isOpen}`}
        endpoint={edited}
        isOpen={isOpen}
        onClose={dialog.close}
      />
    </Page>
  );
}
