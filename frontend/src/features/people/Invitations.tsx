import { Alert, Button, Code, Group, NumberInput, Select, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { $api, api, invalidate, type Schemas } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { ROLES } from "@/features/people/roles";
import { ConfirmButton } from "@/ui/ConfirmButton";
import { CopyButton } from "@/ui/CopyButton";
import { type Column, DataTable } from "@/ui/DataTable";
import { FieldErrors } from "@/ui/FieldErrors";
import { Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { StatusBadge, type Tone } from "@/ui/StatusBadge";

type Invitation = Schemas["Invitation"];

const TONE: Record<Invitation["state"], Tone> = {
  open: "live",
  accepted: "good",
  revoked: "quiet",
  expired: "warn",
};

async function revoke(invitation: Invitation): Promise<void> {
  await api.DELETE("/api/v1/invitations/{invitation_id}", {
    params: { path: { invitation_id: invitation.id } },
  });
  await invalidate("/api/v1/invitations");
}

const COLUMNS: Column<Invitation>[] = [
  { key: "email", header: "E-mail", render: (row) => row.email },
  { key: "role", header: "As", render: (row) => ROLES.find(({ value }) => value === row.role)?.label },
  {
    key: "state",
    header: "State",
    render: (row) => <StatusBadge tone={TONE[row.state]}>{row.state}</StatusBadge>,
  },
  { key: "expires", header: "Expires", render: (row) => <RelativeTime at={row.expires_at} /> },
  {
    key: "revoke",
    header: "",
    align: "right",
    render: (row) =>
      row.state === "open" && (
        <ConfirmButton
          size="compact-sm"
          title={`Revoke the invitation of ${row.email}?`}
          question="The link stops working at once."
          confirmLabel="Revoke"
          onConfirm={() => revoke(row)}
        >
          Revoke
        </ConfirmButton>
      ),
  },
];

export function Invitations() {
  const { data, isPending } = $api.useQuery("get", "/api/v1/invitations");
  const [made, setMade] = useState<Invitation | null>(null);
  return (
    <Section
      title="Invitations"
      description="A link makes one account with one role. It is mailed where mail is set up, and shown to you once."
    >
      <Stack>
        <InviteForm onMade={setMade} />
        {made?.link && (
          <Alert
            variant="light"
            title={`The link for ${made.email}`}
            withCloseButton
            onClose={() => setMade(null)}
          >
            <Text size="sm">Copy it now: it is not stored and cannot be shown again.</Text>
            <Group gap="xs" mt={6}>
              <Code style={{ overflowWrap: "anywhere" }}>{made.link}</Code>
              <CopyButton value={made.link} label="Copy the link" />
            </Group>
          </Alert>
        )}
        <DataTable
          label="Invitations"
          columns={COLUMNS}
          rows={data?.results}
          rowKey={(row) => row.id}
          isLoading={isPending}
          empty={<Text c="dimmed">Nobody has been invited yet.</Text>}
        />
      </Stack>
    </Section>
  );
}

const INITIAL: Schemas["InviteRequest"] = { email: "", role: "labeler", days: 14 };

function InviteForm({ onMade }: { onMade: (invitation: Invitation) => void }) {
  const form = useForm({ initialValues: INITIAL });
  const invite = $api.useMutation("post", "/api/v1/invitations", {
    onSuccess: async (made) => {
      form.reset();
      onMade(made);
      await invalidate("/api/v1/invitations");
    },
  });
  const errors = fieldErrors(invite.error, ["email", "role", "days"]);
  return (
    <form onSubmit={form.onSubmit((body) => invite.mutate({ body }))}>
      <FieldErrors message={errors[""]} />
      <Group align="flex-end" gap="sm">
        <TextInput
          label="E-mail"
          type="email"
          required
          flex="1 1 14rem"
          autoComplete="off"
          {...form.getInputProps("email")}
          error={errors.email}
        />
        <Select
          label="Role"
          w="9rem"
          allowDeselect={false}
          data={ROLES}
          {...form.getInputProps("role")}
          error={errors.role}
        />
        <NumberInput
          label="Valid for"
          suffix=" days"
          min={1}
          max={90}
          w="7rem"
          {...form.getInputProps("days")}
          error={errors.days}
        />
        <Button type="submit" loading={invite.isPending}>
          Invite
        </Button>
      </Group>
    </form>
  );
}
