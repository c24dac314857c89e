import { Button, Group, Stack, Text } from "@mantine/core";
import { $api, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { hasRole, useMe } from "@/api/session";
import { Marked } from "@/features/prompts/Marked";
import { FieldErrors } from "@/ui/FieldErrors";
import { Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";

type Original = Schemas["Original"];

/** What a prompt said before it was redacted: for admins, when they ask for it, and each look is recorded. */
export function OriginalOf({ promptId }: { promptId: number }) {
  const isAdmin = hasRole(useMe(), "admin");
  const look = $api.useMutation("post", "/api/v1/prompts/{prompt_id}/original");
  if (!isAdmin)
    return (
      <Section
        title="Redacted"
        description="Personal data was taken out. Admins can see what it said before."
      />
    );
  return (
    <Section
      title="Before it was redacted"
      description="For admins alone. Each look is recorded with your name and the time, and the others see it."
    >
      <Stack gap="sm">
        <FieldErrors message={look.error ? errorMessage(look.error) : ""} />
        {look.data ? (
          <Shown original={look.data} onHide={look.reset} />
        ) : (
          <Group>
            <Button
              variant="default"
              loading={look.isPending}
              onClick={() => look.mutate({ params: { path: { prompt_id: promptId } } })}
            >
              Show the original, and record that I looked
            </Button>
          </Group>
        )}
      </Stack>
    </Section>
  );
}

function Shown({ original, onHide }: { original: Original; onHide: () => void }) {
  return (
    <>
      {original.original_messages.map((message, number) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages have no other name, and never change places
        <Text key={number} dir="auto" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
          <Marked
            text={message.content}
            findings={original.findings.filter((one) => one.message === number && one.is_redacted)}
          />
        </Text>
      ))}
      <Text size="sm" c="dimmed">
        Redacted by {original.reviewed_by}, <RelativeTime at={original.created_at} />. Seen by:
      </Text>
      <ul style={{ margin: 0, paddingInlineStart: "1.25rem" }}>
        {original.accesses.map(({ seen_by, seen_at }) => (
          <li key={`${seen_by} ${seen_at}`}>
            <Text size="sm">
              {seen_by}, <RelativeTime at={seen_at ?? original.created_at} />
            </Text>
          </li>
        ))}
      </ul>
      <Group>
        <Button variant="default" onClick={onHide}>
          Hide it
        </Button>
      </Group>
    </>
  );
}
