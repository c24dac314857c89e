import { Group, Select, Switch, TextInput, type TextInputProps } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { $api } from "@/api/client";
import type { Filters as Query } from "@/features/prompts/selection";
import { formatNumber } from "@/ui/format";
import { languageName } from "@/ui/languages";

type TypedFilterProps = TextInputProps & {
  label: string;
  value: string | undefined;
  onType: (value: string | undefined) => void;
};

/** Filters by what is typed, once the typing pauses; follows what a link or the browser's history says instead. */
function TypedFilter({ label, value, onType, ...props }: TypedFilterProps) {
  const [text, setText] = useState(value ?? "");
  const [seen, setSeen] = useState({ value, typed: value });
  const settle = useDebouncedCallback((words: string) => {
    const typed = words.trim() || undefined;
    setSeen((before) => ({ ...before, typed }));
    onType(typed);
  }, 300);
  if (value !== seen.value) {
    setSeen({ ...seen, value });
    if (value !== seen.typed) setText(value ?? "");
  }
  return (
    <TextInput
      aria-label={label}
      type="search"
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        settle(event.currentTarget.value);
      }}
      {...props}
    />
  );
}

type FiltersProps = { filters: Query; set: (change: Query) => void };

/** What the list of prompts is narrowed down by. */
export function PromptFilters({ filters, set }: FiltersProps) {
  const { data: facets } = $api.useQuery("get", "/api/v1/prompts/facets");
  const facet = (label: string, name: "use_case" | "kind" | "split" | "language" | "tag" | "pii_state") => (
    <Select
      aria-label={label}
      placeholder={label}
      clearable
      searchable={name === "language" || name === "tag"}
      w="11rem"
      data={(facets?.[name] ?? [])
        .filter(({ value }) => value)
        .map(({ value, label, count }) => ({
          value,
          label: `${name === "language" ? languageName(value) : label} (${formatNumber(count)})`,
        }))}
      value={filters[name] ?? null}
      onChange={(value) => set({ [name]: value ?? undefined })}
    />
  );
  return (
    <Group gap="sm">
      <TypedFilter
        label="Search"
        placeholder='Words, "a phrase", -without'
        flex="1 1 16rem"
        leftSection={<IconSearch size={16} aria-hidden />}
        value={filters.search}
        onType={(search) => set({ search })}
      />
      {facet("Use case", "use_case")}
      {facet("Kind", "kind")}
      {facet("Split", "split")}
      {facet("Language", "language")}
      {facet("Tag", "tag")}
      {facet("Personal data", "pii_state")}
      <TypedFilter
        label="Submitter"
        placeholder="Submitter, in full"
        w="11rem"
        value={filters.submitter}
        onType={(submitter) => set({ submitter })}
      />
      <Switch
        label="Archived"
        checked={filters.archived ?? false}
        onChange={(event) => set({ archived: event.currentTarget.checked || undefined })}
      />
    </Group>
  );
}
