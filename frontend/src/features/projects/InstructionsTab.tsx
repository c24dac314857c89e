import { Button, Group, Select, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { $api, invalidate, type Schemas } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { MarkdownEditor } from "@/features/projects/MarkdownEditor";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatDateTime } from "@/ui/format";
import { Markdown } from "@/ui/Markdown";
import { Section } from "@/ui/Page";

type Version = Schemas["InstructionVersion"];

export function InstructionsTab({ project }: { project: Schemas["Project"] }) {
  const { data } = $api.useQuery("get", "/api/v1/projects/{project_id}/instructions", {
    params: { path: { project_id: project.id }, query: { page_size: 200 } },
  });
  const [number, setNumber] = useState<string | null>(null);
  const [isEditing, setEditing] = useState(false);
  const versions = [...(data?.results ?? [])].sort((a, b) => b.number - a.number);
  const newest = versions[0];
  const shown = versions.find((version) => String(version.number) === number) ?? newest;
  if (!shown || !newest) return null;
  return (
    <Section
      title="Instructions"
      description="Each answer is stamped with the version that its labeler had."
      actions={
        !isEditing && (
          <>
            <Select
              aria-label="Version"
              size="xs"
              w="15rem"
              allowDeselect={false}
              data={versions.map((version) => ({
                value: String(version.number),
                label: `Version ${version.number} · ${formatDateTime(new Date(version.created_at))}`,
              }))}
              value={String(shown.number)}
              onChange={setNumber}
            />
            <Button size="xs" variant="default" onClick={() => setEditing(true)}>
              Write a new version
            </Button>
          </>
        )
      }
    >
      {isEditing ? (
        <NewVersion
          projectId={project.id}
          from={newest}
          onDone={() => {
            setEditing(false);
            setNumber(null);
          }}
        />
      ) : (
        <>
          {shown !== newest && (
            <Text c="dimmed" mb="sm">
              This is an older version.
            </Text>
          )}
          <div dir="auto">
            <Markdown text={shown.body} />
          </div>
        </>
      )}
    </Section>
  );
}

type NewVersionProps = { projectId: number; from: Version; onDone: () => void };

function NewVersion({ projectId, from, onDone }: NewVersionProps) {
  const [body, setBody] = useState(from.body);
  const add = $api.useMutation("post", "/api/v1/projects/{project_id}/instructions", {
    onSuccess: async () => {
      await invalidate("/api/v1/projects/{project_id}/instructions", "/api/v1/projects/{project_id}");
      onDone();
    },
  });
  const errors = fieldErrors(add.error, ["body"]);
  return (
    <Stack>
      <FieldErrors message={errors[""]} />
      <MarkdownEditor
        label={`Version ${from.number + 1}`}
        value={body}
        error={errors.body}
        onChange={setBody}
      />
      <Group>
        <Button
          disabled={!body.trim() || body === from.body}
          loading={add.isPending}
          onClick={() => add.mutate({ params: { path: { project_id: projectId } }, body: { body } })}
        >
          Publish
        </Button>
        <Button variant="default" onClick={onDone}>
          Cancel
        </Button>
      </Group>
    </Stack>
  );
}
