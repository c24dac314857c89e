import { Button, Code, Stack, Text } from "@mantine/core";
import { IconFileUpload } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { type DragEvent, useRef, useState } from "react";
import { $api, invalidate, type Schemas } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { DEFAULT_OPTIONS, ImportOptions, type Options, optionsBody } from "@/features/prompts/ImportOptions";
import { ImportSource } from "@/features/prompts/ImportSource";
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
  const [options, setOptions] = useState<Options>(DEFAULT_OPTIONS);
  const upload = $api.useMutation("post", "/api/v1/prompt-imports", {
    onSuccess: async (made) => {
      await invalidate("/api/v1/prompt-imports");
      await navigate({ to: "/prompts/imports/$importId", params: { importId: String(made.id) } });
    },
  });
  const errors = fieldErrors(upload.error, [
    "file",
    "cap_per_submitter",
    "prefix_characters",
    "near_similarity",
    "columns",
    "consent_note",
    "title",
  ]);
  const send = (file: File | undefined) => {
    if (!file) return;
    // The generated type calls a file a string: it knows JSON only.
    const { columns, ...rest } = optionsBody(options);
    const body = { file, ...rest, columns: JSON.stringify(columns) } as unknown as Upload;
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
      <ImportOptions options={options} onChange={setOptions} errors={errors} />
      <ImportSource options={options} />
      <Section title="What a file looks like">
        <Stack gap="xs">
          <Text>
            JSON lines, one prompt each; they may bring whole conversations and responses. Or Parquet, or a
            CSV, with the columns <Code>prompt</Code>, and if you like <Code>kind</Code>,{" "}
            <Code>use_case</Code>, <Code>submitter</Code>, <Code>language</Code>, <Code>annotations</Code> and{" "}
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
      <Text>Drop a JSONL, CSV or Parquet file here</Text>
      <Button loading={isBusy} onClick={() => input.current?.click()}>
        Choose a file
      </Button>
      <Text size="sm" c="dimmed">
        Of any size; text in UTF-8, also as .gz
      </Text>
      <input
        ref={input}
        type="file"
        hidden
        accept=".jsonl,.csv,.parquet,.gz"
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
