import { Group, Pagination, Radio, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { $api } from "@/api/client";
import { formatNumber } from "@/ui/format";

export type Person = { kind: "user" | "submitter"; id: number };
type Choice = { id: number; name: string; detail: string };
type Found = { choices: Choice[] | undefined; count: number };

const PAGE_SIZE = 8;

type PersonChoiceProps = {
  value: Person | null;
  onChange: (person: Person | null) => void;
  error?: string | undefined;
};

/** One of all users, or of all who submitted prompts: searched on the server, a page at a time. */
export function PersonChoice({ value, onChange, error }: PersonChoiceProps) {
  const [kind, setKind] = useState<Person["kind"]>("user");
  const [search, setSearch] = useState("");
  const [page, setPage] = useState(1);
  const [words] = useDebouncedValue(search.trim(), 300);
  const query = { page, page_size: PAGE_SIZE, ...(words && { search: words }) };
  const { choices, count } = useFound(kind, query);
  const begin = (next: { kind?: Person["kind"]; search?: string }) => {
    if (next.kind) setKind(next.kind);
    if (next.search !== undefined) setSearch(next.search);
    setPage(1);
    onChange(null);
  };
  return (
    <Stack gap="xs">
      <SegmentedControl
        aria-label="Who"
        value={kind}
        onChange={(next) => begin({ kind: next as Person["kind"], search: "" })}
        data={[
          { value: "user", label: "A person with an account" },
          { value: "submitter", label: "A submitter of prompts" },
        ]}
      />
      <TextInput
        aria-label="Search"
        placeholder={kind === "user" ? "A part of the name or address" : "How the submitter’s key begins"}
        type="search"
        data-autofocus
        leftSection={<IconSearch size={16} aria-hidden />}
        value={search}
        onChange={({ currentTarget }) => begin({ search: currentTarget.value })}
      />
      <Radio.Group
        aria-label={kind === "user" ? "People" : "Submitters"}
        value={value ? String(value.id) : null}
        onChange={(id) => onChange({ kind, id: Number(id) })}
        error={error}
      >
        <Stack gap="xs" mih="10rem">
          {choices?.map(({ id, name, detail }) => (
            <Radio
              key={id}
              value={String(id)}
              label={<span dir="auto">{name}</span>}
              description={detail}
              styles={{ label: { overflowWrap: "anywhere" } }}
            />
          ))}
          {choices?.length === 0 && <Text c="dimmed">Nobody of that name.</Text>}
        </Stack>
      </Radio.Group>
      <Group justify="space-between">
        <Text size="sm" c="dimmed" role="status">
          {formatNumber(count)} found
        </Text>
        {count > PAGE_SIZE && (
          <Pagination
            size="sm"
            total={Math.ceil(count / PAGE_SIZE)}
            siblings={0}
            value={page}
            onChange={setPage}
            getControlProps={(control) => ({
              "aria-label": `${control === "next" ? "Next" : "Previous"} page`,
            })}
            getItemProps={(item) => ({ "aria-label": `Page ${item}` })}
          />
        )}
      </Group>
    </Stack>
  );
}

function useFound(kind: Person["kind"], query: { page: number; page_size: number; search?: string }): Found {
  const isUser = kind === "user";
  const users = $api.useQuery(
    "get",
    "/api/v1/users",
    { params: { query } },
    { enabled: isUser, placeholderData: keepPreviousData },
  );
  const submitters = $api.useQuery(
    "get",
    "/api/v1/submitters",
    { params: { query } },
    { enabled: !isUser, placeholderData: keepPreviousData },
  );
  if (isUser)
    return {
      choices: users.data?.results.map(({ id, name, email, role }) => ({
        id,
        name: name || email,
        detail: `${email} · ${role}`,
      })),
      count: users.data?.count ?? 0,
    };
  return {
    choices: submitters.data?.results.map(({ id, key, user }) => ({
      id,
      name: key,
      detail: user ? `stands for ${user}` : "no account",
    })),
    count: submitters.data?.count ?? 0,
  };
}
