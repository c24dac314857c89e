import { Text } from "@mantine/core";
import { keepPreviousData } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { $api, type Schemas } from "@/api/client";
import { ERASED_PROMPT, SPLIT, USE_CASE } from "@/api/labels";
import type { Behind } from "@/features/evaluations/BehindLink";
import classes from "@/features/evaluations/Results.module.css";
import type { Results } from "@/features/evaluations/ResultsPage";
import { type Column, DataTable } from "@/ui/DataTable";
import { TextLink } from "@/ui/links";
import { Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";

type Row = Schemas["CountedJudgment"];

const PAGE_SIZE = 20;

const COLUMNS: Column<Row>[] = [
  {
    key: "prompt",
    header: "Prompt",
    render: (row) => (
      <TextLink to="/submissions/$submissionId" params={{ submissionId: String(row.submission_id) }}>
        <span className={classes.excerpt} dir="auto">
          {row.prompt_text || ERASED_PROMPT}
        </span>
      </TextLink>
    ),
  },
  {
    key: "rank",
    header: "Rank",
    align: "right",
    render: ({ rank, opponent_rank: other }) => (
      <span className={classes.number}>{other === null ? rank : `${rank} against ${other}`}</span>
    ),
  },
  { key: "quality", header: "Quality", align: "right", render: ({ quality }) => quality ?? "–" },
  { key: "labeler", header: "Labeler", render: ({ labeler }) => labeler.name || labeler.email },
  { key: "split", header: "Split", render: ({ split }) => SPLIT[split] },
  { key: "use_case", header: "Use case", render: ({ use_case }) => USE_CASE[use_case] },
  { key: "at", header: "When", render: ({ created_at }) => <RelativeTime at={created_at} /> },
];

/** What is behind the number that was followed here; each line leads to its submission. */
export function Judgments({ results, projectId }: { results: Results; projectId: number }) {
  const search = useSearch({ from: "/members/projects/$projectId/results" });
  const navigate = useNavigate({ from: "/projects/$projectId/results" });
  const { source, opponent, outcome, question, split, use_case, labeler, page = 1 } = search;
  const { data, isPending } = $api.useQuery(
    "get",
    "/api/v1/projects/{project_id}/results/judgments",
    {
      params: {
        path: { project_id: projectId },
        query: {
          source: source ?? 0,
          opponent,
          outcome,
          question,
          split,
          use_case,
          labeler,
          page,
          page_size: PAGE_SIZE,
        },
      },
    },
    { enabled: source !== undefined, placeholderData: keepPreviousData },
  );
  const place = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another number was followed, also of the same source
  useEffect(() => {
    if (source !== undefined) place.current?.scrollIntoView({ block: "start" });
  }, [source, opponent, outcome, question]);
  return (
    <div ref={place} id="judgments" className={classes.chosen}>
      <Section
        title="Behind the numbers"
        description={
          source === undefined
            ? "Follow a count to the judgments that it counts."
            : described(results, search)
        }
      >
        {source !== undefined && (
          <DataTable
            label="Judgments"
            columns={COLUMNS}
            rows={data?.results}
            rowKey={(row) => row.id}
            isLoading={isPending}
            count={data?.count}
            page={page}
            pageSize={PAGE_SIZE}
            onPageChange={(next) => void navigate({ search: { ...search, page: next }, resetScroll: false })}
            empty={<Text c="dimmed">There is none.</Text>}
          />
        )}
      </Section>
    </div>
  );
}

const SAID = { win: "ranked above", tie: "tied with", loss: "ranked below" } as const;

function described(results: Results, { source, opponent, outcome, question }: Partial<Behind>): string {
  const nameOf = (id: number | undefined) => results.sources.find((item) => item.id === id)?.name ?? "?";
  const asked = results.sources
    .flatMap(({ measures }) => measures.map((measure) => measure.question))
    .find(({ key }) => key === question);
  if (asked) return `${nameOf(source)}: yes to “${asked.label}”.`;
  if (opponent === undefined) return `What was said of ${nameOf(source)}.`;
  return `${nameOf(source)}, ${outcome ? SAID[outcome] : "against"} ${nameOf(opponent)}.`;
}
