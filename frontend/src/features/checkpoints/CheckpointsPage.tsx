import { Group, Select, Stack, Switch, Text } from "@mantine/core";
import { keepPreviousData } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { $api, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { useEvents } from "@/api/events";
import { CHECKPOINT_KIND, options } from "@/api/labels";
import { hasRole, useMe } from "@/api/session";
import { useTinyBase } from "@/api/tinyBase";
import { RegisterCheckpoint } from "@/features/checkpoints/RegisterCheckpoint";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatBytes } from "@/ui/format";
import { LinkButton, TextLink } from "@/ui/links";
import { Notice } from "@/ui/Notice";
import { Page, PageHeader } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";

type Checkpoint = Schemas["Checkpoint"];

const COLUMNS: Column<Checkpoint>[] = [
  {
    key: "name",
    header: "Checkpoint",
    render: (checkpoint) => (
      <Stack gap={0} miw="13rem">
        <TextLink to="/checkpoints/$checkpointId" params={{ checkpointId: String(checkpoint.id) }} fw={500}>
          {checkpoint.name}
        </TextLink>
        {checkpoint.description && (
          <Text size="xs" c="dimmed" lineClamp={1}>
            {checkpoint.description}
          </Text>
        )}
      </Stack>
    ),
  },
  { key: "kind", header: "Kind", render: (checkpoint) => CHECKPOINT_KIND[checkpoint.kind] },
  {
    key: "parents",
    header: "Made from",
    render: ({ parents }) =>
      parents.length ? (
        <Stack gap={0} miw="12rem">
          {parents.map((parent) => (
            <TextLink
              key={`${parent.id} ${parent.used_as}`}
              to="/checkpoints/$checkpointId"
              params={{ checkpointId: String(parent.id) }}
            >
              {parent.name}
            </TextLink>
          ))}
        </Stack>
      ) : (
        <Text inherit c="dimmed">
          registered
        </Text>
      ),
  },
  {
    key: "size",
    header: "Size",
    align: "right",
    render: ({ size_bytes }) => (size_bytes ? formatBytes(size_bytes) : "–"),
  },
  { key: "created", header: "Made", render: (checkpoint) => <RelativeTime at={checkpoint.created_at} /> },
];

export function CheckpointsPage() {
  const search = useSearch({ from: "/members/checkpoints" });
  const navigate = useNavigate({ from: "/checkpoints" });
  const isAdmin = hasRole(useMe(), "admin");
  const { page = 1, ...filters } = search;
  const { kind, ...others } = filters;
  const { data, error, isPending } = $api.useQuery(
    "get",
    "/api/v1/checkpoints",
    { params: { query: { ...others, ...(kind && { kind: [kind] }), page } } },
    { placeholderData: keepPreviousData },
  );
  // A run that ends may have made one.
  useEvents(["runs"], [["get", "/api/v1/checkpoints"]]);
  return (
    <Page title="Checkpoints">
      <PageHeader
        title="Checkpoints"
        description="Every model that can be sampled from or trained further, and what it came from."
        actions={
          isAdmin && (
            <>
              <LinkButton to="/checkpoints/endpoints" variant="default">
                Endpoints
              </LinkButton>
              <RegisterCheckpoint />
            </>
          )
        }
      />
      <Group gap="sm">
        <Select
          aria-label="Kind"
          placeholder="All kinds"
          clearable
          w="12rem"
          data={options(CHECKPOINT_KIND)}
          value={filters.kind ?? null}
          onChange={(kind) => void navigate({ search: { ...filters, kind: kind ?? undefined } })}
        />
        <Switch
          label="Archived"
          checked={filters.archived ?? false}
          onChange={(event) =>
            void navigate({ search: { ...filters, archived: event.currentTarget.checked || undefined } })
          }
        />
      </Group>
      {error && <FieldErrors message={errorMessage(error)} />}
      <MissingTinyBase />
      <DataTable
        label="Checkpoints"
        columns={COLUMNS}
        rows={data?.results}
        rowKey={(checkpoint) => checkpoint.id}
        isLoading={isPending}
        count={data?.count}
        page={page}
        onPageChange={(next) => void navigate({ search: { ...filters, page: next } })}
        empty={<NoCheckpoint />}
      />
    </Page>
  );
}

function NoCheckpoint() {
  if (useTinyBase()?.state === "building")
    return (
      <EmptyState title="The built-in model is being built">
        About a minute, and tiny-base appears here by itself.
      </EmptyState>
    );
  return (
    <EmptyState title="No checkpoint here">
      Register a model from a directory or the Hugging Face hub; runs add what they make.
    </EmptyState>
  );
}

/** What a demo should have, and why it has not. */
function MissingTinyBase() {
  const tinyBase = useTinyBase();
  if (tinyBase?.state !== "failed") return null;
  return (
    <Notice tone="warn" title="The built-in model, tiny-base, is missing">
      {tinyBase.problem}. It is built again at the next start.
    </Notice>
  );
}
