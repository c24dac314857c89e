import { Group, Select, Stack } from "@mantine/core";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { $api, type Schemas } from "@/api/client";
import { submitterLabel } from "@/api/labels";
import { CompareLine } from "@/features/prompts/CompareLine";
import classes from "@/features/prompts/Prompts.module.css";
import { type Column, DataTable } from "@/ui/DataTable";
import { TextLink } from "@/ui/links";
import { Section } from "@/ui/Page";

type Dropped = Schemas["DroppedLine"];
type Verdict = Exclude<Dropped["verdict"], "new" | undefined>;

const VERDICTS: Record<Verdict, string> = {
  duplicate: "The same prompt",
  prefix: "The same beginning",
  near: "Nearly the same",
  over_cap: "Over the cap",
  no_consent: "Without consent",
};

const COLUMNS: Column<Dropped>[] = [
  { key: "line", header: "Line", align: "right", width: "4rem", render: (row) => row.line },
  { key: "text", header: "Prompt", render: (row) => <div className={classes.excerpt}>{row.text}</div> },
  {
    key: "why",
    header: "Why it is left out",
    render: (row) => (
      <Stack gap={4} align="flex-start">
        {row.explanation}
        {row.duplicate_of && (
          <TextLink to="/prompts/$promptId" params={{ promptId: String(row.duplicate_of) }}>
            See prompt {row.duplicate_of}
          </TextLink>
        )}
        <CompareLine line={row} />
      </Stack>
    ),
  },
  { key: "submitter", header: "Submitter", render: (row) => submitterLabel(row.submitter ?? "") },
];

/** Every line that became no prompt, each with the reason. */
export function DroppedLines({ importId }: { importId: number }) {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [page, setPage] = useState(1);
  const { data, isPending } = $api.useQuery(
    "get",
    "/api/v1/prompt-imports/{import_id}/dropped",
    { params: { path: { import_id: importId }, query: { page, verdict: verdict ?? undefined } as never } },
    { placeholderData: keepPreviousData },
  );
  return (
    <Section title="Left out">
      <Stack>
        <Group>
          <Select
            aria-label="Reason"
            placeholder="All reasons"
            clearable
            data={Object.entries(VERDICTS).map(([value, label]) => ({ value, label }))}
            value={verdict}
            onChange={(value) => {
              setVerdict(value as Verdict | null);
              setPage(1);
            }}
          />
        </Group>
        <DataTable
          label="Lines that are left out"
          columns={COLUMNS}
          rows={data?.results}
          rowKey={(row) => row.line}
          isLoading={isPending}
          count={data?.count}
          page={page}
          onPageChange={setPage}
        />
      </Stack>
    </Section>
  );
}
