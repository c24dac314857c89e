import { Button, Group, Select, Stack } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { $api, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { useEvents } from "@/api/events";
import { options, SPLIT, USE_CASE } from "@/api/labels";
import { rowId } from "@/api/rowId";
import { Breakdowns } from "@/features/evaluations/Breakdowns";
import { HeadToHead } from "@/features/evaluations/HeadToHead";
import { Judgments } from "@/features/evaluations/Judgments";
import { Measures } from "@/features/evaluations/Measures";
import { Method } from "@/features/evaluations/Method";
import { WinRates } from "@/features/evaluations/WinRates";
import { Busy } from "@/ui/Busy";
import { EmptyState } from "@/ui/EmptyState";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatNumber, formatPercent, pluralize } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { Notice } from "@/ui/Notice";
import { Page, PageHeader } from "@/ui/Page";
import { Stat, StatGroup } from "@/ui/Stat";

export type Results = Schemas["Results"];

/** How each source of an evaluation did, while people label. */
export function ResultsPage() {
  const id = rowId(useParams({ from: "/members/projects/$projectId/results" }).projectId);
  const { split, use_case, labeler } = useSearch({ from: "/members/projects/$projectId/results" });
  const filter = { split, use_case, labeler };
  const path = "/api/v1/projects/{project_id}/results";
  const { data, error } = $api.useQuery(
    "get",
    path,
    { params: { path: { project_id: id }, query: filter } },
    { placeholderData: (before) => before },
  );
  useEvents(
    [`labeling:${id}`],
    [
      ["get", path],
      ["get", `${path}/judgments`],
    ],
  );
  return (
    <Page title={data ? `Results of ${data.project.name}` : "Results"}>
      <PageHeader
        title="Results"
        description={
          data && (
            <>
              <TextLink to="/projects/$projectId" params={{ projectId: String(id) }}>
                {data.project.name}
              </TextLink>{" "}
              · as they stand now; they change while people label
            </>
          )
        }
        actions={<Downloads projectId={id} filter={filter} />}
      />
      {error && <FieldErrors message={errorMessage(error)} />}
      {!data && !error && <Busy />}
      {data && (
        <Stack gap="lg">
          <Filters results={data} />
          {data.submissions ? <Shown results={data} projectId={id} /> : <NothingYet />}
        </Stack>
      )}
    </Page>
  );
}

function NothingYet() {
  return (
    <EmptyState title="There is no answer yet">
      Each answer that is submitted counts here at once. With a filter, only those that it takes.
    </EmptyState>
  );
}

function Shown({ results, projectId }: { results: Results; projectId: number }) {
  const { agreement, train_prompts, prompts } = results;
  const [low = 0, high = 0] = agreement?.interval ?? [];
  return (
    <>
      {train_prompts > 0 && (
        <Notice
          tone="warn"
          title={`${pluralize(train_prompts, "prompt")} of ${formatNumber(prompts)} of the train split`}
        >
          A model may have learned them. The filter by split leaves them out.
        </Notice>
      )}
      <StatGroup>
        <Stat label="Answers" value={formatNumber(results.submissions)} />
        <Stat label="Prompts" value={formatNumber(prompts)} />
        <Stat label="Labelers" value={formatNumber(results.by_labeler.length)} />
        <Stat
          label="Agreement"
          value={agreement ? formatPercent(agreement.rate, 1) : "–"}
          hint={
            agreement
              ? `95 %: ${formatPercent(low)} to ${formatPercent(high)}, ${pluralize(agreement.pairs, "pair")}`
              : "no two have ranked the same prompt yet"
          }
        />
      </StatGroup>
      <WinRates results={results} />
      <Measures results={results} />
      <Breakdowns results={results} />
      {results.sources.length > 2 && <HeadToHead results={results} />}
      <Judgments results={results} projectId={projectId} />
      <Method />
    </>
  );
}

function Filters({ results }: { results: Results }) {
  const search = useSearch({ from: "/members/projects/$projectId/results" });
  const navigate = useNavigate({ from: "/projects/$projectId/results" });
  const change = (part: Partial<typeof search>) =>
    void navigate({ search: { ...search, ...part, page: undefined }, resetScroll: false });
  return (
    <Group align="flex-end" gap="sm">
      <Select
        label="Split"
        placeholder="All"
        clearable
        w="10rem"
        data={options(SPLIT)}
        value={search.split ?? null}
        onChange={(split) => change({ split: (split ?? undefined) as typeof search.split })}
      />
      <Select
        label="Use case"
        placeholder="All"
        clearable
        w="12rem"
        data={options(USE_CASE)}
        value={search.use_case ?? null}
        onChange={(use_case) => change({ use_case: (use_case ?? undefined) as typeof search.use_case })}
      />
      <Select
        label="Labeler"
        placeholder="All"
        clearable
        w="14rem"
        data={results.labelers.map(({ id, name, email }) => ({ value: String(id), label: name || email }))}
        value={search.labeler === undefined ? null : String(search.labeler)}
        onChange={(labeler) => change({ labeler: labeler === null ? undefined : Number(labeler) })}
      />
    </Group>
  );
}

type Filter = { split?: string | undefined; use_case?: string | undefined; labeler?: number | undefined };

function Downloads({ projectId, filter }: { projectId: number; filter: Filter }) {
  const query = new URLSearchParams(
    Object.entries(filter).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
  const address = (name: string) => `/api/v1/projects/${projectId}/results/${name}?${query}`;
  return (
    <>
      <Button
        component="a"
        variant="default"
        href={address("results.csv")}
        download
        leftSection={<IconDownload size={16} aria-hidden />}
      >
        Results as CSV
      </Button>
      <Button
        component="a"
        variant="default"
        href={address("judgments.csv")}
        download
        leftSection={<IconDownload size={16} aria-hidden />}
      >
        Judgments as CSV
      </Button>
    </>
  );
}
