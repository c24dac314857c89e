import { Input, SegmentedControl, Textarea } from "@mantine/core";
import { useState } from "react";
import classes from "@/features/projects/Projects.module.css";
import { Markdown } from "@/ui/Markdown";

type MarkdownEditorProps = {
  label: string;
  description?: string;
  value: string;
  error?: string | undefined;
  onChange: (value: string) => void;
};

/** Text beside what labelers will see of it. */
export function MarkdownEditor({ label, description, value, error, onChange }: MarkdownEditorProps) {
  const [mode, setMode] = useState("write");
  return (
    <div>
      <div className={classes.editorHead}>
        <Input.Label required>{label}</Input.Label>
        <SegmentedControl
          size="xs"
          aria-label={`${label}: write or preview`}
          value={mode}
          onChange={setMode}
          data={[
            { value: "write", label: "Write" },
            { value: "preview", label: "Preview" },
          ]}
        />
      </div>
      {mode === "write" ? (
        <Textarea
          aria-label={label}
          description={description}
          inputWrapperOrder={["input", "error", "description"]}
          autosize
          minRows={8}
          maxRows={24}
          dir="auto"
          value={value}
          error={error}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      ) : (
        <div className={classes.previewBox}>
          <Markdown text={value || "*Nothing is written yet.*"} />
        </div>
      )}
    </div>
  );
}
