import { $api, type Schemas } from "@/api/client";
import { useEvents } from "@/api/events";
import { importName, importState } from "@/features/prompts/importState";
import { type Column, DataTable } from "@/ui/DataTable";
import { formatNumber } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { StatusBadge } from "@/ui/StatusBadge";

type Row = Schemas["PromptImportRow"];

const COLUMNS: Column<Row>[] = [
  {
    key: "file",
    header: "Source",
    render: (row) => (
      <TextLink to="/prompts/imports/$importId" params={{ importId: String(row.id) }}>
        {importName(row)}
      </TextLink>
    ),
  },
  {
    key: "state",
    header: "State",
    render: (row) => <StatusBadge tone={importState(row).tone}>{importState(row).label}</StatusBadge>,
  },
  { key: "lines", header: "Lines", align: "right", render: (row) => formatNumber(row.line_count) },
  { key: "imported", header: "Imported", align: "right", render: (row) => formatNumber(row.imported_count) },
  { key: "by", header: "By", render: (row) => row.created_by },
  { key: "at", header: "Uploaded", render: (row) => <RelativeTime at={row.created_at} /> },
];

export function ImportsTable() {
  useEvents(["imports"], [["get", "/api/v1/prompt-imports"]]);
  const { data } = $api.useQuery("get", "/api/v1/prompt-imports");
  if (!data?.results.length) return null;
  return (
    <Section title="Earlier imports">
      <DataTable label="Earlier imports" columns={COLUMNS} rows={data.results} rowKey={(row) => row.id} />
    </Section>
  );
}
