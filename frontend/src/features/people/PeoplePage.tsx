import { Select, Stack, Switch, Text } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { $api, invalidate, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { hasRole, useMe } from "@/api/session";
import { Invitations } from "@/features/people/Invitations";
import { ROLES } from "@/features/people/roles";
import { ConfirmButton } from "@/ui/ConfirmButton";
import { type Column, DataTable } from "@/ui/DataTable";
import { FieldErrors } from "@/ui/FieldErrors";
import { TextLink } from "@/ui/links";
import { Page, PageHeader } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";

type User = Schemas["User"];
type Change = Schemas["PatchedChangeUserRequest"];

export function PeoplePage() {
  const { page = 1 } = useSearch({ from: "/members/people" });
  const navigate = useNavigate({ from: "/people" });
  const me = useMe();
  const isAdmin = hasRole(me, "admin");
  const [showsInactive, setShowsInactive] = useState(false);
  const { data, error, isPending } = $api.useQuery("get", "/api/v1/users", {
    params: { query: { page, ...(showsInactive ? {} : { is_active: true }) } },
  });
  const change = $api.useMutation("patch", "/api/v1/users/{user_id}", {
    onSettled: () => invalidate("/api/v1/users"),
  });
  const set = (user: User, body: Change) =>
    change.mutateAsync({ params: { path: { user_id: user.id } }, body });
  const columns: Column<User>[] = [
    {
      key: "name",
      header: "Person",
      render: (user) => (
        <Stack gap={0} miw="11rem">
          <TextLink to="/people/$userId" params={{ userId: String(user.id) }} fw={500}>
            {user.name || user.email}
          </TextLink>
          <Text size="xs" c="dimmed">
            {user.email}
          </Text>
        </Stack>
      ),
    },
    {
      key: "role",
      header: "Role",
      render: (user) =>
        isAdmin && user.id !== me.id ? (
          <Select
            aria-label={`Role of ${user.name || user.email}`}
            size="xs"
            w="8.5rem"
            allowDeselect={false}
            data={ROLES}
            value={user.role}
            onChange={(role) => {
              if (role && role !== user.role)
                change.mutate({
                  params: { path: { user_id: user.id } },
                  body: { role: role as User["role"] },
                });
            }}
          />
        ) : (
          ROLES.find(({ value }) => value === user.role)?.label
        ),
    },
    { key: "pseudonym", header: "In exports", render: (user) => user.pseudonym },
    { key: "login", header: "Last login", render: (user) => <RelativeTime at={user.last_login} /> },
    {
      key: "active",
      header: "",
      align: "right",
      render: (user) => isAdmin && user.id !== me.id && <ActiveButton user={user} set={set} />,
    },
  ];
  return (
    <Page title="People">
      <PageHeader
        title="People"
        description="Labelers answer tasks, researchers see what was said and freeze it, admins launch runs and look after the machines."
        actions={
          <Switch
            label="Deactivated too"
            checked={showsInactive}
            onChange={(event) => setShowsInactive(event.currentTarget.checked)}
          />
        }
      />
      <FieldErrors message={error ? errorMessage(error) : change.error ? errorMessage(change.error) : ""} />
      <DataTable
        label="People"
        columns={columns}
        rows={data?.results}
        rowKey={(user) => user.id}
        isLoading={isPending}
        count={data?.count}
        page={page}
        onPageChange={(next) => void navigate({ search: { page: next } })}
      />
      {isAdmin && <Invitations />}
    </Page>
  );
}

type ActiveButtonProps = { user: User; set: (user: User, body: Change) => Promise<unknown> };

function ActiveButton({ user, set }: ActiveButtonProps) {
  const name = user.name || user.email;
  const isActive = user.is_active;
  return (
    <ConfirmButton
      size="compact-sm"
      title={isActive ? `Deactivate ${name}?` : `Let ${name} in again?`}
      question={
        isActive
          ? "They are logged out and can no longer log in. What they said stays in the record."
          : "They can log in again with their old password."
      }
      confirmLabel={isActive ? "Deactivate" : "Let in"}
      onConfirm={() => set(user, { is_active: !isActive })}
    >
      {isActive ? "Deactivate" : "Let in again"}
    </ConfirmButton>
  );
}
