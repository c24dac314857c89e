import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { $api, api, invalidate, type Schemas } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { type Person, PersonChoice } from "@/features/datasets/PersonChoice";
import { ConfirmButton } from "@/ui/ConfirmButton";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { FieldErrors } from "@/ui/FieldErrors";
import { pluralize } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { Page, PageHeader } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";

type Erasure = Schemas["Erasure"];

const COLUMNS: Column<Erasure>[] = [
  { key: "person", header: "Who", render: ({ person }) => <span dir="auto">{person}</span> },
  {
    key: "versions",
    header: "Versions that hold their text",
    render: ({ id }) => <Versions erasureId={id} />,
  },
  { key: "note", header: "Note", render: ({ note }) => note || "–" },
  {
    key: "at",
    header: "Asked",
    render: ({ created_at, created_by }) => (
      <>
        <RelativeTime at={created_at} /> by {created_by}
      </>
    ),
  },
  {
    key: "withdraw",
    header: "State",
    align: "right",
    render: (erasure) =>
      erasure.withdrawn_at ? (
        <Text size="sm" c="dimmed">
          withdrawn
        </Text>
      ) : (
        <Withdraw erasure={erasure} />
      ),
  },
];

// Each row asks for the versions that hold the person's text.
const PAGE_SIZE = 20;

/** Who has asked that nothing of theirs is in future versions, and which versions hold it. */
export function ErasuresPage() {
  const [page, setPage] = useState(1);
  const { data, isPending } = $api.useQuery(
    "get",
    "/api/v1/erasures",
    { params: { query: { page, page_size: PAGE_SIZE } } },
    { placeholderData: keepPreviousData },
  );
  return (
    <Page title="Deletion requests">
      <PageHeader
        title="Deletion requests"
        description={
          <>
            <TextLink to="/datasets">Datasets</TextLink> · what these people said or asked is in no future
            version, and their prompts are not shown; a frozen version stays as it is, and is listed here
          </>
        }
        actions={<NewErasure />}
      />
      <DataTable
        label="Deletion requests"
        columns={COLUMNS}
        rows={data?.results}
        rowKey={({ id }) => id}
        isLoading={isPending}
        count={data?.count}
        page={page}
        pageSize={PAGE_SIZE}
        onPageChange={setPage}
        empty={
          <EmptyState title="Nobody has asked">
            When a person asks for deletion, say so here: their text leaves all future versions, and their
            prompts the list.
          </EmptyState>
        }
      />
    </Page>
  );
}

function Versions({ erasureId }: { erasureId: number }) {
  const { data } = $api.useQuery("get", "/api/v1/erasures/{erasure_id}", {
    params: { path: { erasure_id: erasureId } },
  });
  if (!data) return "…";
  if (!data.versions.length) return "None";
  return (
    <Stack gap={2}>
      {data.versions.map(({ version, rows }) => (
        <span key={version.id}>
          <TextLink to="/datasets/versions/$versionId" params={{ versionId: String(version.id) }}>
            {version.name}
          </TextLink>{" "}
          <Text span size="xs" c="dimmed">
            {pluralize(rows, "row")}
          </Text>
        </span>
      ))}
    </Stack>
  );
}

function Withdraw({ erasure }: { erasure: Erasure }) {
  return (
    <ConfirmButton
      size="compact-xs"
      title={`Withdraw the request of ${erasure.person}?`}
      question="What they said and asked may be in future versions again, and their prompts are shown."
      confirmLabel="Withdraw the request"
      onConfirm={async () => {
        await api.POST("/api/v1/erasures/{erasure_id}/withdraw", {
          params: { path: { erasure_id: erasure.id } },
        });
        await invalidate("/api/v1/erasures", "/api/v1/prompts");
      }}
    >
      Withdraw
    </ConfirmButton>
  );
}

function NewErasure() {
  const [isOpen, dialog] = useDisclosure(false);
  const [person, setPerson] = useState<Person | null>(null);
  const [note, setNote] = useState("");
  const make = $api.useMutation("post", "/api/v1/erasures", {
    onSuccess: async () => {
      await invalidate("/api/v1/erasures", "/api/v1/prompts");
      setPerson(null);
      setNote("");
      dialog.close();
    },
  });
  const errors = fieldErrors(make.error, ["user_id", "submitter_id", "note"]);
  return (
    <>
      <Button onClick={dialog.open}>Record a request</Button>
      <Modal opened={isOpen} onClose={dialog.close} title="Record a deletion request" size="lg">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (person) make.mutate({ body: { [`${person.kind}_id`]: person.id, note } });
          }}
        >
          <Stack>
            <FieldErrors message={errors[""]} />
            <PersonChoice value={person} onChange={setPerson} error={errors.user_id ?? errors.submitter_id} />
            <Textarea
              label="Note"
              description="Who asked, and how."
              autosize
              minRows={2}
              value={note}
              onChange={({ currentTarget }) => setNote(currentTarget.value)}
              error={errors.note}
            />
            <Group justify="flex-end">
              <Button type="submit" disabled={!person} loading={make.isPending}>
                Leave them out
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
