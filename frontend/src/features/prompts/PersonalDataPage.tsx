import { Button, Checkbox, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { $api, invalidate, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { submitterLabel } from "@/api/labels";
import { Marked } from "@/features/prompts/Marked";
import { EmptyState } from "@/ui/EmptyState";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatPercent, pluralize } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { Page, PageHeader, Section } from "@/ui/Page";

type Prompt = Schemas["PiiPrompt"];
type Finding = Prompt["pii_findings"][number];

/** What looks like personal data, prompt by prompt: a person says what it is. */
export function PersonalDataPage() {
  const { data } = $api.useSuspenseQuery("get", "/api/v1/prompts/personal-data", {
    params: { query: { page_size: 10 } },
  });
  return (
    <Page title="Personal data">
      <PageHeader
        title="Personal data"
        description={
          <>
            <TextLink to="/prompts">Prompts</TextLink> ·{" "}
            {data.count > 0 && `${pluralize(data.count, "prompt")} to review. `}What is redacted is kept for
            admins alone, and each look at it is recorded.
          </>
        }
      />
      {data.results.length === 0 && (
        <EmptyState title="Nothing to review">New prompts are looked at in the background.</EmptyState>
      )}
      {data.results.map((prompt) => (
        <Review key={prompt.id} prompt={prompt} />
      ))}
    </Page>
  );
}

function Review({ prompt }: { prompt: Prompt }) {
  const [marked, setMarked] = useState(() => prompt.pii_findings.map((_, number) => number));
  const decide = $api.useMutation("post", "/api/v1/prompts/{prompt_id}/personal-data", {
    onSuccess: () => invalidate("/api/v1/prompts/personal-data", "/api/v1/prompts", "/api/v1/prompts/facets"),
  });
  const send = (redacted: number[]) =>
    decide.mutate({
      params: { path: { prompt_id: prompt.id } },
      body: { findings: [...prompt.pii_findings], redacted },
    });
  return (
    <Section
      title={`Prompt ${prompt.id}`}
      description={
        <>
          From {submitterLabel(prompt.submitter)} ·{" "}
          <TextLink to="/prompts/$promptId" params={{ promptId: String(prompt.id) }}>
            The whole prompt
          </TextLink>
        </>
      }
    >
      <Stack gap="sm">
        <FieldErrors message={decide.error ? errorMessage(decide.error) : ""} />
        {prompt.messages.map((message, number) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: messages have no other name, and never change places
          <Text key={number} dir="auto" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
            <Marked
              text={message.content}
              findings={prompt.pii_findings.filter((one) => one.message === number)}
            />
          </Text>
        ))}
        <Checkbox.Group
          label="What is personal data"
          value={marked.map(String)}
          onChange={(values) => setMarked(values.map(Number))}
        >
          <Stack gap="xs" mt="xs">
            {prompt.pii_findings.map((found, number) => (
              <Checkbox
                key={`${found.message} ${found.start}`}
                value={String(number)}
                label={textOf(prompt, found)}
                description={`${found.kind.replaceAll("_", " ")}, ${formatPercent(found.score)} sure`}
              />
            ))}
          </Stack>
        </Checkbox.Group>
        <Group>
          <Button disabled={!marked.length} loading={decide.isPending} onClick={() => send(marked)}>
            Redact what is marked
          </Button>
          <Button variant="default" loading={decide.isPending} onClick={() => send([])}>
            None of it is personal
          </Button>
        </Group>
      </Stack>
    </Section>
  );
}

/** Positions count characters as the server does: by code point, of which JavaScript may need two units. */
function textOf(prompt: Prompt, found: Finding): string {
  return Array.from(prompt.messages[found.message]?.content ?? "")
    .slice(found.start, found.end)
    .join("");
}
