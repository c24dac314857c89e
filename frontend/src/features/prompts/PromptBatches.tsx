import { Badge, Group, Text } from "@mantine/core";
import type { Schemas } from "@/api/client";
import classes from "@/features/prompts/Prompts.module.css";
import { pluralize } from "@/ui/format";
import { Markdown } from "@/ui/Markdown";
import { Section } from "@/ui/Page";
import { SourceName } from "@/ui/SourceName";

type Batch = Schemas["Prompt"]["batches"][number];

/** Every response to a prompt, under the batch it was drawn in. */
export function PromptBatches({ batches }: { batches: readonly Batch[] }) {
  if (!batches.length)
    return (
      <Section title="Responses">
        <Text c="dimmed">No model has answered it yet. Sample from a checkpoint to get some.</Text>
      </Section>
    );
  return batches.map((batch) => (
    <Section
      key={batch.id}
      title={batch.name}
      description={
        <>
          {pluralize(batch.responses.length, "response")} from <SourceName {...batch} />
          {Object.entries(batch.parameters).map(([name, value]) => ` · ${name} ${String(value)}`)}
        </>
      }
    >
      <ol className={classes.responses}>
        {batch.responses.map((response) => (
          <li key={response.id} className={classes.response}>
            <div dir="auto">
              <Markdown text={response.text} />
            </div>
            <Group gap="xs" mt={6}>
              {response.finish_reason === "length" && <Badge color="yellow">cut at the limit</Badge>}
              {Boolean(response.response_tokens) && (
                <Text size="xs" c="dimmed">
                  {pluralize(response.response_tokens ?? 0, "token")}
                </Text>
              )}
            </Group>
          </li>
        ))}
      </ol>
    </Section>
  ));
}
