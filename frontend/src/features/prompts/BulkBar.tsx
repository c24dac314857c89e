import { Button, Checkbox, Group, Modal, Stack, TagsInput, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { $api, api, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { AddToProject } from "@/features/prompts/AddToProject";
import { refetchPrompts } from "@/features/prompts/ChangeActions";
import { type Filters, NOTHING, type Selection, sizeOf, targetOf } from "@/features/prompts/selection";
import { ConfirmButton } from "@/ui/ConfirmButton";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatNumber, pluralize } from "@/ui/format";
import { toast } from "@/ui/toasts";

type Row = Schemas["PromptRow"];
type Body = Schemas["BulkChangeRequest"];

type BulkBarProps = {
  rows: readonly Row[];
  /** More match than are on this page. */
  hasMore: boolean;
  filters: Filters;
  selection: Selection;
  onSelect: (selection: Selection) => void;
  onChanged: (changeId: number) => void;
};

/** Chooses prompts, of the page or all that match, and does the same to all of them. */
export function BulkBar({ rows, hasMore, filters, selection, onSelect, onChanged }: BulkBarProps) {
  const here = rows.filter(({ id }) => selection.ids.has(id)).length;
  const isPage = rows.length > 0 && here === rows.length;
  const size = sizeOf(selection);
  const chooseAll = async () => {
    const { ordering: _, ...query } = filters;
    const { data, error } = await api.GET("/api/v1/prompts/count", { params: { query } });
    if (error) toast({ message: errorMessage(error), isBad: true });
    else if (data.up_to_id) onSelect({ ...selection, all: { count: data.count, upToId: data.up_to_id } });
  };
  const change = async (body: Pick<Body, "action" | "tags">) => {
    const { data, error } = await api.POST("/api/v1/prompts/bulk", {
      body: { ...body, ...targetOf(selection, filters) },
    });
    if (error) throw new Error(errorMessage(error));
    onSelect(NOTHING);
    onChanged(data.id);
    await refetchPrompts();
  };
  return (
    <Group gap="sm" mih={34}>
      <Checkbox
        label="All on this page"
        checked={isPage}
        indeterminate={here > 0 && !isPage}
        disabled={!rows.length}
        onChange={() => onSelect(isPage ? NOTHING : { ids: new Set(rows.map(({ id }) => id)), all: null })}
      />
      {isPage && hasMore && !selection.all && (
        <Button size="compact-sm" variant="subtle" onClick={() => void chooseAll()}>
          Choose all that match
        </Button>
      )}
      {size > 0 && (
        <>
          <Text size="sm" role="status">
            {selection.all
              ? `All ${formatNumber(size)} that match are chosen`
              : `${formatNumber(size)} chosen`}
          </Text>
          <TagButton action="add_tags" size={size} onSend={change} />
          <TagButton action="remove_tags" size={size} onSend={change} />
          <AddToProject size={size} target={targetOf(selection, filters)} />
          <ArchiveButton isArchived={filters.archived ?? false} size={size} onSend={change} />
          <Button size="compact-sm" variant="subtle" onClick={() => onSelect(NOTHING)}>
            Choose none
          </Button>
        </>
      )}
    </Group>
  );
}

type ActProps = { size: number; onSend: (body: Pick<Body, "action" | "tags">) => Promise<void> };

function ArchiveButton({ isArchived, size, onSend }: ActProps & { isArchived: boolean }) {
  const prompts = pluralize(size, "prompt");
  return isArchived ? (
    <ConfirmButton
      size="compact-sm"
      title={`Bring back ${prompts}?`}
      question="They can be used in new tasks and datasets again. If the consent to one of them was withdrawn, none is brought back."
      confirmLabel={`Bring back ${prompts}`}
      onConfirm={() => onSend({ action: "restore" })}
    >
      Bring back
    </ConfirmButton>
  ) : (
    <ConfirmButton
      size="compact-sm"
      title={`Archive ${prompts}?`}
      question="They are offered for no new task or dataset. What was said of them stays, and this can be undone."
      confirmLabel={`Archive ${prompts}`}
      onConfirm={() => onSend({ action: "archive" })}
    >
      Archive
    </ConfirmButton>
  );
}

const TAGGING = {
  add_tags: { button: "Tag", title: "Tag", confirm: "Tag" },
  remove_tags: { button: "Untag", title: "Take tags off", confirm: "Untag" },
} as const;

function TagButton({ action, size, onSend }: ActProps & { action: keyof typeof TAGGING }) {
  const [isOpen, dialog] = useDisclosure(false);
  const words = TAGGING[action];
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={dialog.open}>
        {words.button}
      </Button>
      <Modal opened={isOpen} onClose={dialog.close} title={`${words.title} ${pluralize(size, "prompt")}`}>
        <TagForm
          confirm={`${words.confirm} ${pluralize(size, "prompt")}`}
          onSend={async (tags) => {
            await onSend({ action, tags });
            dialog.close();
          }}
        />
      </Modal>
    </>
  );
}

function TagForm({ confirm, onSend }: { confirm: string; onSend: (tags: string[]) => Promise<void> }) {
  const { data: facets } = $api.useQuery("get", "/api/v1/prompts/facets");
  const [tags, setTags] = useState<string[]>([]);
  const [isOffered, setOffered] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [message, setMessage] = useState("");
  const send = async () => {
    setBusy(true);
    try {
      await onSend(tags);
    } catch (error) {
      setMessage(errorMessage(error));
      setBusy(false);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <Stack>
        <FieldErrors message={message} />
        <TagsInput
          label="Tags"
          description="Enter ends a tag."
          data-autofocus
          maxLength={40}
          maxTags={50}
          acceptValueOnBlur
          data={facets?.tag.map(({ value }) => value) ?? []}
          value={tags}
          onChange={(next) => {
            setTags(next);
            // It would lie over the button.
            setOffered(false);
          }}
          dropdownOpened={isOffered}
          onDropdownOpen={() => setOffered(true)}
          onDropdownClose={() => setOffered(false)}
        />
        <Group justify="flex-end">
          <Button type="submit" disabled={!tags.length} loading={isBusy}>
            {confirm}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
