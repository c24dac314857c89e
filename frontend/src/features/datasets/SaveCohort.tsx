import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconUsersGroup } from "@tabler/icons-react";
import { useState } from "react";
import { $api, invalidate } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { FieldErrors } from "@/ui/FieldErrors";

/** Gives the chosen labelers a name, so that they can be chosen at once the next time. */
export function SaveCohort({ memberIds }: { memberIds: readonly number[] }) {
  const [isOpen, dialog] = useDisclosure(false);
  const [name, setName] = useState("");
  const save = $api.useMutation("post", "/api/v1/cohorts", {
    onSuccess: async () => {
      await invalidate("/api/v1/cohorts");
      setName("");
      dialog.close();
    },
  });
  const errors = fieldErrors(save.error, ["name"]);
  if (!memberIds.length) return null;
  return (
    <Group mt={-8}>
      <Button
        variant="subtle"
        size="compact-sm"
        leftSection={<IconUsersGroup size={15} aria-hidden />}
        onClick={dialog.open}
      >
        Save as a cohort
      </Button>
      <Modal opened={isOpen} onClose={dialog.close} title="Save these labelers as a cohort">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate({ body: { name, member_ids: [...memberIds] } });
          }}
        >
          <Stack>
            <FieldErrors message={errors[""]} />
            <TextInput
              label="Name"
              required
              maxLength={120}
              data-autofocus
              value={name}
              onChange={({ currentTarget }) => setName(currentTarget.value)}
              error={errors.name}
            />
            <Group justify="flex-end">
              <Button type="submit" loading={save.isPending}>
                Save
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </Group>
  );
}
