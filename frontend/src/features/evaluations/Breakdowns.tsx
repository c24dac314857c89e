import { SegmentedControl, Text } from "@mantine/core";
import { useState } from "react";
import { RateText } from "@/features/evaluations/Interval";
import type { Results } from "@/features/evaluations/ResultsPage";
import { type Column, DataTable } from "@/ui/DataTable";
import { formatNumber } from "@/ui/format";
import { Section } from "@/ui/Page";

type Group = Results["by_split"][number];

const BY = [
  { value: "by_split", label: "Split" },
  { value: "by_use_case", label: "Use case" },
  { value: "by_labeler", label: "Labeler" },
] as const;

type By = (typeof BY)[number]["value"];

/** The win rates again, of parts of the answers. */
export function Breakdowns({ results }: { results: Results }) {
  const [by, setBy] = useState<By>("by_split");
  const names = new Map(results.sources.map(({ id, name }) => [id, name]));
  const header = BY.find(({ value }) => value === by)?.label ?? "";
  const compared = results.sources.filter(({ is_baseline }) => !is_baseline);
  const columns: Column<Group>[] = [
    { key: "group", header, render: ({ label }) => label },
    { key: "answers", header: "Answers", align: "right", render: (row) => formatNumber(row.submissions) },
    ...compared.map(
      ({ id }): Column<Group> => ({
        key: String(id),
        header: names.get(id) ?? "",
        align: "right",
        render: ({ matches }) => (
          <RateText estimate={matches.find(({ source_id }) => source_id === id)?.estimate ?? null} />
        ),
      }),
    ),
  ];
  return (
    <Section
      title="Win rate by group"
      actions={
        <SegmentedControl
          size="xs"
          aria-label="Group by"
          data={[...BY]}
          value={by}
          onChange={(value) => setBy(value as By)}
        />
      }
    >
      <DataTable
        label={`Win rate by ${header.toLowerCase()}`}
        columns={columns}
        rows={results[by]}
        rowKey={(row) => row.value}
        empty={<Text c="dimmed">There is no answer yet.</Text>}
      />
    </Section>
  );
}
