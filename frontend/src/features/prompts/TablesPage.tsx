import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { $api, type Schemas } from "@/api/client";
import { PROMPT_KIND, SPLIT, submitterLabel, USE_CASE } from "@/api/labels";
import classes from "@/features/prompts/Prompts.module.css";
import { BarChart } from "@/ui/BarChart";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { formatNumber, formatPercent } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { Page, PageHeader, Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";

type Tables = Schemas["Statistics"];
type Name = Exclude<keyof Tables, "as_of">;
type Row<Table extends Name> = Tables[Table][number];

const SPLITS = ["train", "valid", "test"] as const;
const DRAWN_SUBMITTERS = 20;

function kindLabel(source: string): string {
  return PROMPT_KIND[source as keyof typeof PROMPT_KIND] ?? source;
}

function splitLabel(split: string): string {
  return SPLIT[split as keyof typeof SPLIT] ?? split;
}

function namedUseCase(useCase: string): string {
  return USE_CASE[useCase as keyof typeof USE_CASE] ?? useCase;
}

function number<Row>(key: keyof Row & string, header: string): Column<Row> {
  return { key, header, align: "right", render: (row) => formatNumber(Number(row[key])) };
}

const OF: { source: Column<{ source: string }>; split: Column<{ split: string }> } = {
  source: { key: "source", header: "Source", render: ({ source }) => kindLabel(source) },
  split: { key: "split", header: "Split", render: ({ split }) => splitLabel(split) },
};
const SOURCES: Column<Row<"sources">>[] = [
  OF.source,
  OF.split,
  number("prompts", "Prompts"),
  number("submitters", "Submitters"),
];
const USE_CASES: Column<Row<"use_cases">>[] = [
  { key: "use_case", header: "Use case", render: ({ use_case }) => namedUseCase(use_case) },
  number("prompts", "Prompts"),
  { key: "share", header: "Share", align: "right", render: ({ share }) => formatPercent(share) },
];
const LENGTHS: Column<Row<"lengths">>[] = [
  OF.source,
  OF.split,
  number("mean", "Mean"),
  number("median", "Median"),
  number("p95", "95 %"),
  number("longest", "Longest"),
];
const SPREAD: Column<Row<"prompts_per_submitter">>[] = [
  { key: "prompts_each", header: "Prompts each", render: ({ prompts_each }) => prompts_each },
  number("submitters", "Submitters"),
  number("prompts", "Prompts"),
];
const SUBMITTERS: Column<Row<"submitters">>[] = [
  {
    key: "submitter",
    header: "Submitter",
    render: ({ submitter }) => <span className={classes.word}>{submitterLabel(submitter)}</span>,
  },
  OF.split,
  number("prompts", "Prompts"),
];

/** The paper's tables of the prompts, each drawn, written out, and to be downloaded. */
export function TablesPage() {
  const { data } = $api.useSuspenseQuery("get", "/api/v1/prompts/statistics");
  return (
    <Page title="Tables of the prompts">
      <PageHeader
        title="Tables of the prompts"
        description={
          <>
            <TextLink to="/prompts">Prompts</TextLink> · The paper’s tables, without archived prompts, as of{" "}
            <RelativeTime at={data.as_of} />
          </>
        }
      />
      {data.sources.length ? (
        <Sections tables={data} />
      ) : (
        <EmptyState title="There are no prompts yet">
          <TextLink to="/prompts/import">Import some</TextLink>: each table is counted anew.
        </EmptyState>
      )}
    </Page>
  );
}

function Sections({ tables }: { tables: Tables }) {
  const kinds = [...new Set(tables.sources.map(({ source }) => source))];
  const prompts = (source: string, split: string) =>
    tables.sources.find((row) => row.source === source && row.split === split)?.prompts ?? 0;
  const drawn = tables.submitters.slice(0, DRAWN_SUBMITTERS);
  return (
    <>
      <Drawn
        title="Where prompts come from"
        description="The paper’s table 6: sources by split. A submitter is in one split only."
        name="sources"
        columns={SOURCES}
        rows={tables.sources}
      >
        <BarChart
          title="Prompts by source and split"
          isStacked
          labels={kinds.map(kindLabel)}
          series={SPLITS.map((split) => ({
            label: SPLIT[split],
            values: kinds.map((source) => prompts(source, split)),
          }))}
        />
      </Drawn>
      <Drawn
        title="What they are for"
        description="The paper’s table 1."
        name="use_cases"
        columns={USE_CASES}
        rows={tables.use_cases}
      >
        <BarChart
          title="Share of each use case"
          format={formatPercent}
          labels={tables.use_cases.map(({ use_case }) => namedUseCase(use_case))}
          series={[{ label: "Share", values: tables.use_cases.map(({ share }) => share) }]}
        />
      </Drawn>
      <Drawn
        title="How long they are"
        description="In characters: tokens are a model’s own. The longest would dwarf the bars; it is in the table."
        name="lengths"
        columns={LENGTHS}
        rows={tables.lengths}
      >
        <BarChart
          title="Characters by source and split"
          labels={tables.lengths.map(({ source, split }) => `${kindLabel(source)}, ${splitLabel(split)}`)}
          series={[
            { label: "Median", values: tables.lengths.map(({ median }) => median) },
            { label: "95 % are shorter", values: tables.lengths.map(({ p95 }) => p95) },
          ]}
        />
      </Drawn>
      <Drawn
        title="How many each submitter has"
        description="An import keeps 200 of each, as the paper does, unless it is told otherwise."
        name="prompts_per_submitter"
        columns={SPREAD}
        rows={tables.prompts_per_submitter}
      >
        <BarChart
          title="Submitters by how many prompts they have"
          labels={tables.prompts_per_submitter.map(({ prompts_each }) => prompts_each)}
          series={[
            { label: "Submitters", values: tables.prompts_per_submitter.map(({ submitters }) => submitters) },
          ]}
        />
      </Drawn>
      <Drawn
        title="Who has the most"
        description={`The ${formatNumber(tables.submitters.length)} submitters with the most prompts.`}
        name="submitters"
        columns={SUBMITTERS}
        rows={tables.submitters}
      >
        <BarChart
          title="Prompts of each"
          labels={drawn.map(({ submitter }) => submitterLabel(submitter))}
          series={[{ label: "Prompts", values: drawn.map(({ prompts }) => prompts) }]}
        />
      </Drawn>
    </>
  );
}

type DrawnProps<Row> = {
  title: string;
  description: string;
  name: Name;
  columns: Column<Row>[];
  rows: readonly Row[];
  children: ReactNode;
};

/** A chart beside the table that it draws. */
function Drawn<Row>({ title, description, name, columns, rows, children }: DrawnProps<Row>) {
  return (
    <Section
      title={title}
      description={description}
      actions={
        <Button
          component="a"
          variant="default"
          size="compact-md"
          leftSection={<IconDownload size={16} aria-hidden />}
          href={`/api/v1/prompts/statistics/${name}.csv`}
          aria-label={`${title}: download as CSV`}
          download
        >
          CSV
        </Button>
      }
    >
      <div className={classes.drawn}>
        {children}
        <DataTable label={title} columns={columns} rows={[...rows]} rowKey={(row) => JSON.stringify(row)} />
      </div>
    </Section>
  );
}
