import { RateText } from "@/features/evaluations/Interval";
import type { Results } from "@/features/evaluations/ResultsPage";
import { type Column, DataTable } from "@/ui/DataTable";
import { Section } from "@/ui/Page";

type Source = Results["sources"][number];

/** Every source against every other: a ranking says more than who beat the baseline. */
export function HeadToHead({ results }: { results: Results }) {
  const { sources, head_to_head: matches } = results;
  const columns: Column<Source>[] = [
    { key: "name", header: "", render: ({ name }) => name },
    ...sources.map(
      (opponent): Column<Source> => ({
        key: String(opponent.id),
        header: `against ${opponent.name}`,
        align: "right",
        render: ({ id }) =>
          id === opponent.id ? (
            "·"
          ) : (
            <RateText
              estimate={
                matches.find(({ source_id, opponent_id }) => source_id === id && opponent_id === opponent.id)
                  ?.estimate ?? null
              }
            />
          ),
      }),
    ),
  ];
  return (
    <Section title="Head to head" description="How often the row was ranked above the column.">
      <DataTable label="Head to head" columns={columns} rows={[...sources]} rowKey={({ id }) => id} />
    </Section>
  );
}
