import { Badge, Group, Stack, Text, Title } from "@mantine/core";
import { spaced } from "@/api/labels";
import { changedSettings, settingGroups, valueText } from "@/features/runs/launchForm";
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
      <Group gap="xs">
        <Text span inherit fw={line.isChanged ? 600 : undefined}>
          {line.value} {line.unit}
        </Text>
        {line.isChanged && <Badge tt="none">paper: {line.paper}</Badge>}
      </Group>
    ),
  },
];

/** What the run was told, in the launch form's groups and order, with the differences from the paper marked. */
export function RunConfig({ run }: { run: Run }) {
  const kind = useRunKind(run.kind);
  const changed = kind ? changedSettings(kind, run.config) : new Set<string>();
  const groups = settingGroups(kind, run.config).map(({ title, settings }) => ({
    title,
    lines: settings.map(
      ({ name, setting }): Line => ({
        name,
        label: setting?.label ?? spaced(name),
        value: valueText(run.config[name]),
        unit: setting?.unit ?? "",
        paper: valueText(kind?.defaults[name]),
        isChanged: changed.has(name),
      }),
    ),
  }));
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
      <Stack gap="lg">
        {groups.map(({ title, lines }) => (
          <div key={title}>
            {groups.length > 1 && (
              <Title order={3} size="h5" mb="xs">
                {title}
              </Title>
            )}
            <DataTable
              label={groups.length > 1 ? `Settings: ${title.toLowerCase()}` : "Settings"}
              columns={COLUMNS}
              rows={lines}
              rowKey={(line) => line.name}
            />
          </div>
        ))}
      </Stack>
    </Section>
  );
}
