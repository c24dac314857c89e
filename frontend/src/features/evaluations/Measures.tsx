import { Text } from "@mantine/core";
import { type Behind, BehindLink } from "@/features/evaluations/BehindLink";
import { type Estimate, MeanText, RateText } from "@/features/evaluations/Interval";
import type { Results } from "@/features/evaluations/ResultsPage";
import { type Column, DataTable } from "@/ui/DataTable";
import { Section } from "@/ui/Page";

type Source = Results["sources"][number];

/** What was said of each source on its own: the ratings, not the ranks. */
export function Measures({ results }: { results: Results }) {
  const [first] = results.sources;
  const [input] = results.prompt_measures;
  const asked = first?.measures.map(({ question }) => question) ?? [];
  const hasQuality = results.sources.some(({ quality }) => quality !== null);
  const rows: Row[] = [
    ...(hasQuality ? [{ key: "quality", label: "Overall quality, 1 to 7" }] : []),
    ...asked.map((question) => ({
      key: question.key,
      label:
        question.kind === "scale"
          ? `${question.label}, ${question.minimum} to ${question.maximum}`
          : question.label,
    })),
  ];
  return (
    <Section
      title="On its own"
      description="Means of the scales, and the share of yes among the answers that were given; what was left open is no answer."
    >
      <DataTable
        label="On its own"
        columns={columnsFor(results.sources)}
        rows={rows}
        rowKey={(row) => row.key}
      />
      {input && (
        <Text size="sm" mt="sm">
          {input.question.label}, {input.question.minimum} to {input.question.maximum}:{" "}
          <MeanText estimate={input.estimate} />
        </Text>
      )}
    </Section>
  );
}

type Row = { key: string; label: string };

function columnsFor(sources: Source[]): Column<Row>[] {
  return [
    { key: "question", header: "Question", render: (row) => row.label },
    ...sources.map(
      (source): Column<Row> => ({
        key: String(source.id),
        header: source.is_baseline ? `${source.name} (baseline)` : source.name,
        align: "right",
        render: (row) => <Cell source={source} row={row} />,
      }),
    ),
  ];
}

function Cell({ source, row }: { source: Source; row: Row }) {
  const measure = source.measures.find(({ question }) => question.key === row.key);
  if (!measure) return <Linked estimate={source.quality} source={source} row={row} isMean />;
  return (
    <Linked
      estimate={measure.estimate}
      source={source}
      row={row}
      isMean={measure.question.kind === "scale"}
      question={measure.question.kind === "scale" ? undefined : (measure.question.key as Behind["question"])}
    />
  );
}

type LinkedProps = {
  estimate: Estimate | null;
  source: Source;
  row: Row;
  isMean?: boolean;
  question?: Behind["question"];
};

function Linked({ estimate, source, row, isMean, question }: LinkedProps) {
  const text = isMean ? <MeanText estimate={estimate} /> : <RateText estimate={estimate} />;
  if (!estimate) return text;
  return (
    <>
      {text}{" "}
      <Text span size="xs" c="dimmed">
        <BehindLink
          behind={{ source: source.id, question }}
          label={`judgments of ${source.name}: ${row.label}`}
        >
          {isMean
            ? `n = ${estimate.count}`
            : `${Math.round(estimate.value * estimate.count)} of ${estimate.count}`}
        </BehindLink>
      </Text>
    </>
  );
}
