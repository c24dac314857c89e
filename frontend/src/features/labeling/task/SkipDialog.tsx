import { Button, Group, Modal, Radio, Stack, Textarea } from "@mantine/core";
import { useState } from "react";
import { $api, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import type { Assignment } from "@/features/labeling/task/types";
import { FieldErrors } from "@/ui/FieldErrors";

type Reason = Schemas["SkipRequestRequest"]["reason"];

const REASONS: { value: Reason; label: string }[] = [
  { value: "unclear", label: "The prompt is unclear" },
  { value: "outside_knowledge", label: "Outside my knowledge" },
  { value: "unsafe", label: "Unsafe or upsetting" },
  { value: "personal_data", label: "Contains personal data" },
  { value: "language", label: "A language I do not read well" },
  { value: "broken", label: "Something is broken" },
  { value: "other", label: "Another reason" },
];

type SkipDialogProps = {
  assignment: Assignment;
  isOpen: boolean;
  onClose: () => void;
  onSkipped: () => void;
};

/** Inside, the number keys choose the reason and Ctrl+Enter skips. */
export function SkipDialog({ assignment, isOpen, onClose, onSkipped }: SkipDialogProps) {
  const [reason, setReason] = useState<Reason | null>(null);
  const [note, setNote] = useState("");
  const skip = $api.useMutation("post", "/api/v1/assignments/{assignment_id}/skip", { onSuccess: onSkipped });
  const send = () => {
    if (!reason || skip.isPending) return;
    const body = { lease_token: assignment.lease_token ?? "", reason, note };
    skip.mutate({ params: { path: { assignment_id: assignment.id } }, body });
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") send();
    const chosen = REASONS[Number(event.key) - 1];
    if (!chosen || event.target instanceof HTMLTextAreaElement) return;
    event.preventDefault();
    setReason(chosen.value);
  };
  return (
    <Modal opened={isOpen} onClose={onClose} title="Skip this task?" onKeyDown={onKeyDown}>
      <Stack>
        <FieldErrors message={skip.error ? errorMessage(skip.error) : null} />
        <Radio.Group
          label="Why? It goes to somebody else and does not come back to you."
          value={reason}
          onChange={(value) => setReason(value as Reason)}
        >
          <Stack gap={8} mt="xs">
            {REASONS.map(({ value, label }, index) => (
              <Radio
                key={value}
                value={value}
                label={`${index + 1}. ${label}`}
                data-autofocus={index === 0 || undefined}
              />
            ))}
          </Stack>
        </Radio.Group>
        <Textarea
          label="Note, if it helps"
          maxLength={10_000}
          autosize
          minRows={2}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Go on with it
          </Button>
          <Button disabled={!reason} loading={skip.isPending} onClick={send}>
            Skip
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
