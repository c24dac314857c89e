import { Button, Code, NumberInput, Stack, Text } from "@mantine/core";
import { IconFileUpload } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { type DragEvent, useRef, useState } from "react";
import { $api, invalidate, type Schemas } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { ImportsTable } from "@/features/prompts/ImportsTable";
import classes from "@/features/prompts/Prompts.module.css";
import { FieldErrors } from "@/ui/FieldErrors";
import { TextLink } from "@/ui/links";
import { Page, PageHeader, Section } from "@/ui/Page";

type Upload = Schemas["UploadPromptsRequest"];

function formData(body: Upload): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(body)) form.append(name, value as Blob | string);
  return form;
}

export function ImportPage() {
  const navigate = useNavigate();
  const [cap, setCap] = useState<number | string>(200);
  const upload = $api.useMutation("post", "/api/v1/prompt-imports", {
    onSuccess: async (made) => {
      await invalidate("/api/v1/prompt-imports");
      await navigate({ to: "/prompts/imports/$importId", params: { importId: String(made.id) } });
    },
  });
  const errors = fieldErrors(upload.error, ["file", "cap_per_submitter"]);
  const send = (file: File | undefined) => {
    if (!file) return;
    // The generated type calls a file a string: it knows JSON only.
    const body = { file, cap_per_submitter: Number(cap) } as unknown as Upload;
    upload.mutate({ body, bodySerializer: (value) => formData(value as Upload) });
  };
  return (
    <Page title="Import prompts">
      <PageHeader
        title="Import prompts"
        description={
          <>
            <TextLink to="/prompts">Prompts</TextLink> · You see what is in the file before anything is kept.
          </>
        }
      />
      <FieldErrors message={errors.file ?? errors[""]} title="The file was not read" />
      <DropZone isBusy={upload.isPending} onFile={send} />
      <NumberInput
        label="Prompts per submitter, at most"
        description="The paper: about 200. Those over it are counted and left out."
        min={1}
        max={1_000_000}
        maw="20rem"
        value={cap}
        error={errors.cap_per_submitter}
        onChange={setCap}
      />
      <Section title="What a file looks like">
        <Stack gap="xs">
          <Text>
            JSON lines, one prompt each; they may bring whole conversations and responses. Or a CSV with the
            columns <Code>prompt</Code>, and if you like <Code>kind</Code>, <Code>use_case</Code>,{" "}
            <Code>submitter</Code>, <Code>language</Code>, <Code>annotations</Code> and{" "}
            <Code>deployment_context</Code>.
          </Text>
          <Code block tabIndex={0}>
            {
              '{"prompt": "Explain rain to a child.", "use_case": "open_qa", "submitter": "user-17", "language": "en"}\n{"messages": [{"role": "user", "content": "Hello"}], "responses": ["Hi!", "Good day."]}'
            }
          </Code>
        </Stack>
      </Section>
      <ImportsTable />
    </Page>
  );
}

/** A target for a dragged file, and a button for everybody else. */
function DropZone({ isBusy, onFile }: { isBusy: boolean; onFile: (file: File | undefined) => void }) {
  const [isOver, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    onFile(event.dataTransfer.files[0]);
  };
  return (
    <section
      aria-label="Upload"
      className={classes.drop}
      data-over={isOver || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <IconFileUpload size={36} stroke={1.2} aria-hidden />
      <Text>Drop a JSONL or CSV file here</Text>
      <Button loading={isBusy} onClick={() => input.current?.click()}>
        Choose a file
      </Button>
      <Text size="sm" c="dimmed">
        UTF-8, up to 100 MB
      </Text>
      <input
        ref={input}
        type="file"
        hidden
        accept=".jsonl,.csv"
        aria-label="File of prompts"
        onChange={(event) => {
          onFile(event.currentTarget.files?.[0]);
          // The same file may be chosen again after it was mended.
          event.currentTarget.value = "";
        }}
      />
    </section>
  );
}
