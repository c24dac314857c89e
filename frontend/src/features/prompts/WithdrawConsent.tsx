import { Button, Group, List, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { $api, invalidate, type Schemas } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { submitterLabel } from "@/api/labels";
import { hasRole, useMe } from "@/api/session";
import { refetchPrompts } from "@/features/prompts/ChangeActions";
import { occurredAt } from "@/features/prompts/RecordConsent";
import { FieldErrors } from "@/ui/FieldErrors";
import { pluralize } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { toast } from "@/ui/toasts";

type Standing = Schemas["StandingConsent"];

/** Ends a consent, and says before what follows from it. */
export function WithdrawConsent({ consent }: { consent: Standing }) {
  const [isOpen, dialog] = useDisclosure(false);
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`Withdraw the consent of ${submitterLabel(consent.submitter)} for ${consent.model}`}
        onClick={dialog.open}
      >
        Withdraw
      </Button>
      <Modal
        opened={isOpen}
        onClose={dialog.close}
        title={`Withdraw the consent of ${submitterLabel(consent.submitter)}?`}
      >
        <WithdrawForm consent={consent} onClose={dialog.close} />
      </Modal>
    </>
  );
}

function WithdrawForm({ consent, onClose }: { consent: Standing; onClose: () => void }) {
  const [way, setWay] = useState("");
  const [when, setWhen] = useState("");
  const withdraw = $api.useMutation("post", "/api/v1/consents/withdraw", {
    onSuccess: async ({ archived }) => {
      await Promise.all([invalidate("/api/v1/consents", "/api/v1/consents/standing"), refetchPrompts()]);
      toast({ message: `Withdrawn; ${pluralize(archived, "prompt")} archived.` });
      onClose();
    },
  });
  const errors = fieldErrors(withdraw.error, ["way", "occurred_at"]);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const { submitter, model } = consent;
        withdraw.mutate({ body: { submitter, model, way, ...occurredAt(when) } });
      }}
    >
      <Stack>
        <FieldErrors message={errors[""]} />
        <Consequences consent={consent} />
        <TextInput
          label="How they said so"
          placeholder="By mail"
          value={way}
          onChange={({ currentTarget }) => setWay(currentTarget.value)}
          error={errors.way}
        />
        <TextInput
          label="When"
          description="Now, where it is empty."
          type="datetime-local"
          value={when}
          onChange={({ currentTarget }) => setWhen(currentTarget.value)}
          error={errors.occurred_at}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" color="red" loading={withdraw.isPending}>
            {consent.used_count
              ? `Withdraw, and archive ${pluralize(consent.used_count, "prompt")}`
              : "Withdraw the consent"}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Consequences({ consent: { submitter_id, model, used_count } }: { consent: Standing }) {
  const isAdmin = hasRole(useMe(), "admin");
  const { data: holding } = $api.useQuery("get", "/api/v1/submitters/{submitter_id}/versions", {
    params: { path: { submitter_id } },
  });
  return (
    <>
      <List size="sm" spacing={4}>
        <List.Item>What they send to {model} from now on is refused.</List.Item>
        <List.Item>
          {pluralize(used_count, "prompt")} that they sent to it{" "}
          {used_count === 1 ? "is archived and stays" : "are archived and stay"} so: no new task and no new
          dataset has {used_count === 1 ? "it" : "them"}.
        </List.Item>
        <List.Item>
          {holding?.length
            ? "Frozen versions stay as they are. These hold what this submitter asked:"
            : "No frozen version holds what this submitter asked."}
        </List.Item>
      </List>
      {Boolean(holding?.length) && (
        <Group gap="xs">
          {holding?.map(({ version, rows }) => (
            <Text key={version.id} size="sm">
              <TextLink to="/datasets/versions/$versionId" params={{ versionId: String(version.id) }}>
                {version.name}
              </TextLink>{" "}
              ({pluralize(rows, "row")})
            </Text>
          ))}
        </Group>
      )}
      <Text size="sm" c="dimmed">
        Did they ask to be deleted as well? {isAdmin ? "Record a " : "An admin records a "}
        {isAdmin ? <TextLink to="/datasets/erasures">deletion request</TextLink> : "deletion request"}: it
        leaves out all that they ever asked.
      </Text>
    </>
  );
}
