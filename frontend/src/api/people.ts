/** People to choose from: searched on the server as one types, whatever their number. */
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { $api, type Schemas } from "@/api/client";

type User = Schemas["User"];
const OFFERED = 50;

type Choice = {
  /** Who is chosen: their names are shown, also where the search does not find them. */
  chosen: readonly number[];
  without?: readonly number[];
  isActive?: boolean;
  label: (user: User) => string;
};

/** What a MultiSelect of people needs. */
export function usePeopleChoice({ chosen, without = [], isActive, label }: Choice) {
  const [search, setSearch] = useState("");
  const [words] = useDebouncedValue(search.trim(), 300);
  const query = {
    page_size: OFFERED,
    ...(isActive !== undefined && { is_active: isActive }),
    ...(words && { search: words }),
  };
  const { data: found } = $api.useQuery(
    "get",
    "/api/v1/users",
    { params: { query } },
    { placeholderData: keepPreviousData },
  );
  const offered = found?.results.filter(({ id }) => !without.includes(id)) ?? [];
  const missing = chosen.filter((id) => !offered.some((user) => user.id === id));
  const named = useQueries({
    queries: missing.map((id) =>
      $api.queryOptions("get", "/api/v1/users/{user_id}", { params: { path: { user_id: id } } }),
    ),
  });
  const option = (user: User) => ({ value: String(user.id), label: label(user) });
  return {
    searchable: true,
    searchValue: search,
    onSearchChange: setSearch,
    nothingFoundMessage: "Nobody of that name.",
    data: [...offered, ...named.flatMap(({ data }) => (data ? [data] : []))].map(option),
    // The server has searched; who is chosen is named, and not offered again.
    filter: ({ options }: { options: readonly unknown[] }) =>
      options.filter((one) => offered.some(({ id }) => String(id) === (one as { value: string }).value)),
  };
}
