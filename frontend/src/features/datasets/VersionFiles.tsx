import { Anchor, Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import type { Schemas } from "@/api/client";
import { SPLIT } from "@/api/labels";
import classes from "@/features/datasets/Datasets.module.css";
import { CopyButton } from "@/ui/CopyButton";
import { type Column, DataTable } from "@/ui/DataTable";
import { formatBytes, formatNumber } from "@/ui/format";
import { Section } from "@/ui/Page";

type Version = Schemas["DatasetVersion"];
type File = Version["files"][number];

const COLUMNS: Column<File>[] = [
  {
    key: "name",
    header: "File",
    render: (file) => (
      <Anchor href={file.url} download={file.name} inherit>
        {file.name}
      </Anchor>
    ),
  },
  { key: "split", header: "Split", render: (file) => SPLIT[file.split] },
  { key: "rows", header: "Rows", align: "right", render: (file) => formatNumber(file.rows) },
  { key: "size", header: "Size", align: "right", render: (file) => formatBytes(file.size_bytes) },
  {
    key: "sha256",
    header: "sha256",
    render: (file) => (
      <span className={classes.hash}>
        <span title={file.sha256}>{file.sha256.slice(0, 12)}…</span>
        <CopyButton value={file.sha256} size="compact-xs" aria-label={`Copy the sha256 of ${file.name}`} />
      </span>
    ),
  },
];

export function VersionFiles({ version }: { version: Version }) {
  return (
    <Section
      title="Files"
      description="Each split as JSON lines and as Parquet; the manifest has every count and checksum."
      actions={
        version.manifest_url && (
          <Button
            component="a"
            variant="default"
            size="compact-md"
            href={version.manifest_url}
            download="manifest.json"
            leftSection={<IconDownload size={16} aria-hidden />}
          >
            manifest.json
          </Button>
        )
      }
    >
      <DataTable label="Files" columns={COLUMNS} rows={[...version.files]} rowKey={(file) => file.name} />
    </Section>
  );
}
