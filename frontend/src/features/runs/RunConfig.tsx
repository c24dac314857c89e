import { Badge, Group, Text } from "@mantine/core";
import { spaced } from "@/api/labels";
import { changedSettings, valueText } from "@/features/runs/launchForm";
import { type Run, useRunKind } from "@/features/runs/runQueries";
import { type Column, DataTable } from "@/ui/DataTable";
import { pluralize } from "@/ui/format";
import { Section } from "@/ui/Page";

type Line = { name: string; label: string; value: string; unit: string; paper: string; isChanged: boolean };

const COLUMNS: Column<Line>[] = [
  {
    key: "label",
    header: "Setting",
    render: (line) => (
      <>
        {line.label}{" "}
        <Text span size="xs" c="dimmed" ff="monospace">
          {line.name}
        </Text>
      </>
    ),
  },
  {
    key: "value",
    header: "Value",
    render: (line) => (
      <Group gap="xs" wrap="nowrap">
        <Text span inherit fw={line.isChanged ? 600 : undefined}>
          {line.value} {line.unit}
        </Text>
        {line.isChanged && <Badge tt="none">paper: {line.paper}</Badge>}
      </Group>
    ),
  },
];

/** What the run was told, with the differences from the paper marked where the kinds can be read. */
export function RunConfig({ run }: { run: Run }) {
  const kind = useRunKind(run.kind);
  const changed = kind ? changedSettings(kind, run.config) : new Set<string>();
  const lines = Object.entries(run.config)
    .map(([name, value]): Line => {
      const setting = kind?.fields.find((field) => field.name === name);
      return {
        name,
        label: setting?.label ?? spaced(name),
        value: valueText(value),
        unit: setting?.unit ?? "",
        paper: valueText(kind?.defaults[name]),
        isChanged: changed.has(name),
      };
    })
    .sort((a, b) => Number(b.isChanged) - Number(a.isChanged));
  return (
    <Section
      title="Settings"
      description={
        kind &&
        (changed.size
          ? `${pluralize(changed.size, "differs", "differ")} from the paper's values.`
          : "All are the paper's values.")
      }
    >
      <DataTable label="Settings" columns={COLUMNS} rows={lines} rowKey={(line) => line.name} />
    </Section>
  );
}
