import { Button, Checkbox, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { $api, invalidate } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { type Options, optionsBody } from "@/features/prompts/ImportOptions";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatBytes } from "@/ui/format";
import { Section } from "@/ui/Page";

/** What the server reads by itself: large files, dataset folders and logs beside it, and the hub. */
export function ImportSource({ options }: { options: Options }) {
  const navigate = useNavigate();
  const { data: incoming } = $api.useQuery("get", "/api/v1/prompt-imports/sources");
  const [name, setName] = useState<string | null>(null);
  const [hubName, setHubName] = useState("");
  const [follows, setFollows] = useState(false);
  const read = $api.useMutation("post", "/api/v1/prompt-imports/sources", {
    onSuccess: async (made) => {
      await invalidate("/api/v1/prompt-imports");
      await navigate({ to: "/prompts/imports/$importId", params: { importId: String(made.id) } });
    },
  });
  const errors = fieldErrors(read.error, ["name"]);
  const isHub = read.variables?.body.source === "hub";
  const start = (source: "incoming" | "hub", named: string) =>
    read.mutate({
      body: {
        ...optionsBody(options),
        source,
        name: named,
        revision: "",
        follows: source === "incoming" && follows,
      },
    });
  return (
    <Section
      title="Or from where the server can read"
      description="A file, a dataset folder or a growing log in the server’s folder for imports, or a dataset of the Hugging Face hub."
    >
      <Stack>
        <FieldErrors message={errors[""]} title="It was not read" />
        <Group align="flex-end">
          <Select
            label="In the folder for imports"
            placeholder={incoming?.length ? "Choose one" : "The folder is empty"}
            data={(incoming ?? []).map((entry) => ({
              value: entry.name,
              label: entry.is_directory
                ? `${entry.name}/`
                : `${entry.name} (${formatBytes(entry.size_bytes ?? 0)})`,
            }))}
            disabled={!incoming?.length}
            value={name}
            onChange={setName}
            error={isHub ? undefined : errors.name}
            flex="1 1 16rem"
          />
          <Button
            variant="default"
            disabled={!name}
            loading={read.isPending}
            onClick={() => start("incoming", name ?? "")}
          >
            Read it
          </Button>
        </Group>
        {options.is_chat_log && (
          <Checkbox
            label="Follow the log"
            description="What is added to it is imported too, without asking again."
            checked={follows}
            onChange={(event) => setFollows(event.currentTarget.checked)}
          />
        )}
        <Group align="flex-end">
          <TextInput
            label="On the hub"
            placeholder="owner/dataset"
            value={hubName}
            onChange={(event) => setHubName(event.currentTarget.value)}
            error={isHub ? errors.name : undefined}
            flex="1 1 16rem"
          />
          <Button
            variant="default"
            disabled={!hubName.trim()}
            loading={read.isPending}
            onClick={() => start("hub", hubName.trim())}
          >
            Fetch it
          </Button>
        </Group>
        <Text size="sm" c="dimmed">
          The options above hold for these, too.
        </Text>
      </Stack>
    </Section>
  );
}
