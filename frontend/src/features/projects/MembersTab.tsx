import { Button, Group, Stack } from "@mantine/core";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { $api, api, invalidate, type Schemas } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { PeopleSelect } from "@/features/projects/PeopleSelect";
import { ConfirmButton } from "@/ui/ConfirmButton";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { FieldErrors } from "@/ui/FieldErrors";
import { Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";

const PAGE_SIZE = 50;

type Project = Schemas["Project"];
type Member = Schemas["Member"];

function refresh(): Promise<unknown> {
  return invalidate(
    "/api/v1/projects/{project_id}/members",
    "/api/v1/projects/{project_id}",
    "/api/v1/projects",
  );
}

async function remove(project: Project, member: Member): Promise<void> {
  await api.DELETE("/api/v1/projects/{project_id}/members/{user_id}", {
    params: { path: { project_id: project.id, user_id: member.user.id } },
  });
  await refresh();
}

export function MembersTab({ project }: { project: Project }) {
  const [page, setPage] = useState(1);
  const { data, isPending } = $api.useQuery(
    "get",
    "/api/v1/projects/{project_id}/members",
    { params: { path: { project_id: project.id }, query: { page, page_size: PAGE_SIZE } } },
    { placeholderData: keepPreviousData },
  );
  const members = data?.results;
  const columns: Column<Member>[] = [
    { key: "name", header: "Person", render: ({ user }) => user.name || user.email },
    { key: "email", header: "E-mail", render: ({ user }) => user.email },
    { key: "joined", header: "Since", render: (member) => <RelativeTime at={member.joined_at} /> },
    {
      key: "remove",
      header: "",
      align: "right",
      render: (member) => (
        <ConfirmButton
          size="compact-sm"
          title={`Take ${member.user.name || member.user.email} out of the project?`}
          question="The task that they hold goes to others. What they said and their draft stay."
          confirmLabel="Take out"
          onConfirm={async () => {
            if (page > 1 && members?.length === 1) setPage(page - 1);
            await remove(project, member);
          }}
        >
          Take out
        </ConfirmButton>
      ),
    },
  ];
  return (
    <Section title="Members" description="Only members are handed tasks of this project.">
      <Stack>
        <AddMembers project={project} present={members?.map(({ user }) => user.id) ?? []} />
        <DataTable
          label="Members"
          columns={columns}
          rows={members}
          rowKey={({ user }) => user.id}
          isLoading={isPending}
          count={data?.count}
          page={page}
          pageSize={PAGE_SIZE}
          onPageChange={setPage}
          empty={
            <EmptyState title="Nobody is in this project">Add people, or its tasks wait for ever.</EmptyState>
          }
        />
      </Stack>
    </Section>
  );
}

function AddMembers({ project, present }: { project: Project; present: number[] }) {
  const [chosen, setChosen] = useState<number[]>([]);
  const add = $api.useMutation("post", "/api/v1/projects/{project_id}/members", {
    onSuccess: async () => {
      setChosen([]);
      await refresh();
    },
  });
  const errors = fieldErrors(add.error, ["user_ids"]);
  return (
    <>
      <FieldErrors message={errors[""]} />
      <Group align="flex-end" gap="sm">
        <div style={{ flex: "1 1 16rem", minWidth: 0 }}>
          <PeopleSelect
            label="Add people"
            value={chosen}
            without={present}
            error={errors.user_ids}
            onChange={setChosen}
          />
        </div>
        <Button
          disabled={!chosen.length}
          loading={add.isPending}
          onClick={() =>
            add.mutate({ params: { path: { project_id: project.id } }, body: { user_ids: chosen } })
          }
        >
          Add
        </Button>
      </Group>
    </>
  );
}
