import { Button, Group, Select, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { $api, type Schemas } from "@/api/client";
import { SPLIT } from "@/api/labels";
import { Section } from "@/ui/Page";

type Version = Schemas["DatasetVersion"];
type Split = keyof typeof SPLIT;

const FORMATS = [
  { value: "jsonl", label: "JSON lines" },
  { value: "parquet", label: "Parquet" },
  { value: "csv", label: "CSV" },
  { value: "huggingface", label: "Hugging Face directory (ZIP)" },
];

/** The same rows as other trainers read them, made while they are downloaded. */
export function VersionExport({ version }: { version: Version }) {
  const { kind } = version.dataset;
  const { data: shapes } = $api.useQuery("get", "/api/v1/dataset-shapes", { params: { query: { kind } } });
  const [shape, setShape] = useState<string | null>(null);
  const [format, setFormat] = useState("jsonl");
  const splits = (["train", "valid", "test"] as const).filter((one) => version.split_counts[one]);
  const [split, setSplit] = useState<Split>(splits[0] ?? "train");
  const chosen = shapes?.find(({ name }) => name === shape) ?? shapes?.[1];
  const isDirectory = format === "huggingface";
  const search = new URLSearchParams({ shape: chosen?.name ?? "", file_format: format });
  if (!isDirectory) search.set("split", split);
  return (
    <Section
      title="Export"
      description="The same rows in the shapes that other trainers read; nothing is stored twice."
    >
      <Group align="flex-end">
        <Select
          label="Shape"
          w="22rem"
          maw="100%"
          data={shapes?.map(({ name, label }) => ({ value: name, label })) ?? []}
          allowDeselect={false}
          value={chosen?.name ?? null}
          onChange={setShape}
        />
        <Select
          label="File"
          data={FORMATS}
          allowDeselect={false}
          value={format}
          onChange={(value) => setFormat(value ?? "jsonl")}
        />
        <Select
          label="Split"
          w="9rem"
          data={splits.map((value) => ({ value, label: SPLIT[value] }))}
          allowDeselect={false}
          disabled={isDirectory}
          value={isDirectory ? null : split}
          placeholder={isDirectory ? "All" : ""}
          onChange={(value) => setSplit((value ?? "train") as Split)}
        />
        <Button
          component="a"
          variant="default"
          href={`/api/v1/dataset-versions/${version.id}/export?${search}`}
          download
          leftSection={<IconDownload size={16} aria-hidden />}
        >
          Download
        </Button>
      </Group>
      {chosen && (
        <Text size="sm" c="dimmed" mt="xs">
          Columns: {chosen.columns.join(", ")}. Read by {chosen.reader}.
        </Text>
      )}
    </Section>
  );
}
