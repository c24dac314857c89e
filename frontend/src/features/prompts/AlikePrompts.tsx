import { Group, Stack, Text } from "@mantine/core";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { $api, type Schemas } from "@/api/client";
import { submitterLabel } from "@/api/labels";
import { CompareLine } from "@/features/prompts/CompareLine";
import { Passages } from "@/features/prompts/Passages";
import classes from "@/features/prompts/Prompts.module.css";
import { type Column, DataTable } from "@/ui/DataTable";
import { formatPercent } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { Section } from "@/ui/Page";

type Alike = Schemas["Alike"];
type Dropped = Schemas["DroppedLine"];

/** The prompts that are nearly this one, and the lines of imports that it kept out. */
export function AlikePrompts({ promptId }: { promptId: number }) {
  const path = { params: { path: { prompt_id: promptId } } };
  const { data: alike } = $api.useQuery("get", "/api/v1/prompts/{prompt_id}/alike", path);
  if (!alike) return null;
  return (
    <>
      <Section
        title="Nearly the same"
        description="Prompts with the same long beginning, or most of the same word triples. What they share is marked."
      >
        <Stack gap="sm">
          {alike.length === 0 && (
            <Text size="sm" c="dimmed">
              No other prompt is.
            </Text>
          )}
          {alike.map((one) => (
            <AlikePrompt key={one.id} alike={one} />
          ))}
        </Stack>
      </Section>
      <KeptOut promptId={promptId} />
    </>
  );
}

function AlikePrompt({ alike }: { alike: Alike }) {
  const share = `${formatPercent(alike.similarity)} of the word triples`;
  return (
    <article className={classes.alike}>
      <Group gap="xs" mb={4}>
        <TextLink to="/prompts/$promptId" params={{ promptId: String(alike.id) }}>
          Prompt {alike.id}
        </TextLink>
        <Text size="sm" c="dimmed">
          {alike.likeness === "prefix" ? `The same beginning, ${share}` : share} · from{" "}
          {submitterLabel(alike.submitter)}
          {alike.archived_at && " · archived"}
        </Text>
      </Group>
      <Passages passages={alike.passages} />
    </article>
  );
}

const COLUMNS: Column<Dropped>[] = [
  {
    key: "import",
    header: "Import",
    width: "8rem",
    render: ({ import_id, line }) => (
      <TextLink to="/prompts/imports/$importId" params={{ importId: String(import_id) }}>
        {`${import_id}, line ${line}`}
      </TextLink>
    ),
  },
  {
    key: "why",
    header: "Why it is left out",
    render: (row) => (
      <Stack gap={4} align="flex-start">
        {row.explanation}
        <CompareLine line={row} />
      </Stack>
    ),
  },
];

function KeptOut({ promptId }: { promptId: number }) {
  const [page, setPage] = useState(1);
  const { data } = $api.useQuery(
    "get",
    "/api/v1/prompts/{prompt_id}/duplicates",
    { params: { path: { prompt_id: promptId }, query: { page } } },
    { placeholderData: keepPreviousData },
  );
  if (!data?.count) return null;
  return (
    <Section title="Left out of imports" description="Because this prompt was there.">
      <DataTable
        label="Lines left out because of this prompt"
        columns={COLUMNS}
        rows={data.results}
        rowKey={({ import_id, line }) => `${import_id} ${line}`}
        count={data.count}
        page={page}
        onPageChange={setPage}
      />
    </Section>
  );
}
