/** Rows to choose from by name, whatever their number: the server searches as one types. */
import type { OptionsFilter } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { $api, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import type { paths } from "@/api/schema";

/** So many are in the list at once; who misses one types a part of its name. */
const OFFERED = 50;
const MORE = "more";
const KEPT = { placeholderData: keepPreviousData };

type ListPath =
  | "projects"
  | "checkpoints"
  | "sample-batches"
  | "cohorts"
  | "dataset-versions"
  | "prompt-imports"
  | "endpoints"
  | "runs"
  | "users";
type Query<Path extends ListPath> = NonNullable<paths[`/api/v1/${Path}`]["get"]["parameters"]["query"]>;

/** A list of the server's: `useFound` asks for a page of it, `useRows` for rows by their ids. */
export type Source<Row extends { id: number }, Filters> = {
  useFound: (query: Filters) => {
    data: { count: number; results: Row[] } | undefined;
    error: unknown;
    isPlaceholderData: boolean;
  };
  useRows: (ids: number[]) => Row[];
  label: (row: Row) => string;
};

function arrived<Row>(answers: { data: Row | undefined }[]): Row[] {
  return answers.flatMap(({ data }) => (data ? [data] : []));
}

export const PROJECTS: Source<Schemas["Project"], Query<"projects">> = {
  useFound: (query) => $api.useQuery("get", "/api/v1/projects", { params: { query } }, KEPT),
  useRows: (ids) =>
    arrived(
      useQueries({
        queries: ids.map((project_id) =>
          $api.queryOptions("get", "/api/v1/projects/{project_id}", { params: { path: { project_id } } }),
        ),
      }),
    ),
  label: ({ name }) => name,
};

export const CHECKPOINTS: Source<Schemas["Checkpoint"], Query<"checkpoints">> = {
  useFound: (query) => $api.useQuery("get", "/api/v1/checkpoints", { params: { query } }, KEPT),
  useRows: (ids) =>
    arrived(
      useQueries({
        queries: ids.map((checkpoint_id) =>
          $api.queryOptions("get", "/api/v1/checkpoints/{checkpoint_id}", {
            params: { path: { checkpoint_id } },
          }),
        ),
      }),
    ),
  label: ({ name }) => name,
};

export const BATCHES: Source<Schemas["SampleBatch"], Query<"sample-batches">> = {
  useFound: (query) => $api.useQuery("get", "/api/v1/sample-batches", { params: { query } }, KEPT),
  useRows: (ids) =>
    arrived(
      useQueries({
        queries: ids.map((batch_id) =>
          $api.queryOptions("get", "/api/v1/sample-batches/{batch_id}", { params: { path: { batch_id } } }),
        ),
      }),
    ),
  label: ({ name }) => name,
};

export const COHORTS: Source<Schemas["Cohort"], Query<"cohorts">> = {
  useFound: (query) => $api.useQuery("get", "/api/v1/cohorts", { params: { query } }, KEPT),
  useRows: (ids) =>
    arrived(
      useQueries({
        queries: ids.map((cohort_id) =>
          $api.queryOptions("get", "/api/v1/cohorts/{cohort_id}", { params: { path: { cohort_id } } }),
        ),
      }),
    ),
  label: ({ name }) => name,
};

export const VERSIONS: Source<Schemas["DatasetVersion"], Query<"dataset-versions">> = {
  useFound: (query) => $api.useQuery("get", "/api/v1/dataset-versions", { params: { query } }, KEPT),
  useRows: (ids) =>
    arrived(
      useQueries({
        queries: ids.map((version_id) =>
          $api.queryOptions("get", "/api/v1/dataset-versions/{version_id}", {
            params: { path: { version_id } },
          }),
        ),
      }),
    ),
  label: ({ dataset, number }) => `${dataset.name} v${number}`,
};

export const IMPORTS: Source<Schemas["PromptImportRow"], Query<"prompt-imports">> = {
  useFound: (query) => $api.useQuery("get", "/api/v1/prompt-imports", { params: { query } }, KEPT),
  useRows: (ids) =>
    arrived(
      useQueries({
        queries: ids.map((import_id) =>
          $api.queryOptions("get", "/api/v1/prompt-imports/{import_id}", { params: { path: { import_id } } }),
        ),
      }),
    ),
  label: ({ title, file_name }) => title || file_name,
};

export const ENDPOINTS: Source<Schemas["Endpoint"], Query<"endpoints">> = {
  useFound: (query) => $api.useQuery("get", "/api/v1/endpoints", { params: { query } }, KEPT),
  useRows: (ids) =>
    arrived(
      useQueries({
        queries: ids.map((endpoint_id) =>
          $api.queryOptions("get", "/api/v1/endpoints/{endpoint_id}", { params: { path: { endpoint_id } } }),
        ),
      }),
    ),
  label: ({ name, model }) => `${name} · ${model}`,
};

export const RUNS: Source<Schemas["Run"], Query<"runs">> = {
  useFound: (query) => $api.useQuery("get", "/api/v1/runs", { params: { query } }, KEPT),
  useRows: (ids) =>
    arrived(
      useQueries({
        queries: ids.map((run_id) =>
          $api.queryOptions("get", "/api/v1/runs/{run_id}", { params: { path: { run_id } } }),
        ),
      }),
    ),
  label: ({ id, name }) => `#${id} ${name}`,
};

function nameOrAddress({ name, email }: Schemas["Person"]): string {
  return name || email;
}

export const PEOPLE: Source<Schemas["User"], Query<"users">> = {
  useFound: (query) => $api.useQuery("get", "/api/v1/users", { params: { query } }, KEPT),
  useRows: (ids) =>
    arrived(
      useQueries({
        queries: ids.map((user_id) =>
          $api.queryOptions("get", "/api/v1/users/{user_id}", { params: { path: { user_id } } }),
        ),
      }),
    ),
  label: nameOrAddress,
};

/** Who is in a project now. Who has left is still named where they are chosen. */
export function membersOf(project_id: number): Source<Schemas["Person"], { search?: string }> {
  return {
    useFound: (query) => {
      const params = { path: { project_id }, query };
      const found = $api.useQuery("get", "/api/v1/projects/{project_id}/members", { params }, KEPT);
      const { data, error, isPlaceholderData } = found;
      return {
        data: data && { ...data, results: data.results.map(({ user }) => user) },
        error,
        isPlaceholderData,
      };
    },
    useRows: PEOPLE.useRows,
    label: nameOrAddress,
  };
}

type Choice<Row, Filters> = {
  /** A MultiSelect's ids, or a Select's value: they are named also where the search does not find them. */
  chosen: readonly number[] | string | null;
  query?: Filters;
  /** What is not offered, since it is in already. */
  without?: readonly number[];
  label?: (row: Row) => string;
};

/** What a Select or MultiSelect needs (`select`), the rows offered or chosen, and whether there is none at all. */
export function useChoice<Row extends { id: number }, Filters>(
  source: Source<Row, Filters>,
  { chosen, query = {} as Filters, without = [], label = source.label }: Choice<Row, Filters>,
) {
  const [search, setSearch] = useState("");
  // A Select writes what is chosen where one types: that is no search.
  const [named, setNamed] = useState("");
  const [words] = useDebouncedValue(search === named ? "" : search.trim(), 300);
  const ids = typeof chosen === "string" ? [Number(chosen)] : (chosen ?? []);
  const found = source.useFound({ ...query, page_size: OFFERED, ...(words && { search: words }) });
  const offered = found.data?.results.filter(({ id }) => !without.includes(id)) ?? [];
  const rows = [...offered, ...source.useRows(ids.filter((id) => !offered.some((row) => row.id === id)))];
  const one = typeof chosen === "string" ? rows.find(({ id }) => id === Number(chosen)) : undefined;
  const name = one ? label(one) : chosen === null ? "" : named;
  if (name !== named) setNamed(name);
  const more = found.data ? found.data.count - found.data.results.length : 0;
  const hint = { value: MORE, label: `${more} more: type a part of the name`, disabled: true };
  const isOffered = new Set([...offered.map(({ id }) => String(id)), MORE]);
  // The server has searched; who is chosen is named, and not offered again.
  const filter: OptionsFilter = ({ options }) =>
    options.filter((option) => "value" in option && isOffered.has(option.value));
  return {
    rows,
    isEmpty: found.data?.count === 0 && !words && !found.isPlaceholderData,
    select: {
      searchable: true,
      searchValue: search,
      onSearchChange: setSearch,
      nothingFoundMessage: found.error
        ? errorMessage(found.error)
        : found.data
          ? "There is none of that name."
          : "Looking…",
      data: [
        ...rows.map((row) => ({ value: String(row.id), label: label(row) })),
        ...(more > 0 ? [hint] : []),
      ],
      filter,
    },
  };
}
