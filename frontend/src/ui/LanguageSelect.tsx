import { type OptionsFilter, Select, type SelectProps } from "@mantine/core";
import { useMemo, useState } from "react";
import { LANGUAGE_CODES, languageLabel, typedCode } from "@/ui/languages";

type LanguageSelectProps = Omit<SelectProps, "data" | "value" | "onChange"> & {
  /** A code, or "" where there is none. */
  value: string;
  onChange: (code: string) => void;
  /** The interface's language, which the names are in too. */
  shownIn?: string;
};

/** By the beginning of a word of the name, or by the code. */
const byNameOrCode: OptionsFilter = ({ options, search }) => {
  const words = search.trim().toLocaleLowerCase();
  return options.filter((option) => {
    if (!("value" in option)) return false;
    const names = option.label.toLocaleLowerCase().split(/[\s(]+/);
    return (
      option.value.toLowerCase().startsWith(words) ||
      option.label.toLocaleLowerCase().startsWith(words) ||
      names.some((name) => name.startsWith(words))
    );
  });
};

/** A language by its name; one that is not listed is found by its code. */
export function LanguageSelect({ value, onChange, shownIn = "en", ...props }: LanguageSelectProps) {
  const [search, setSearch] = useState("");
  const typed = typedCode(search);
  const data = useMemo(() => {
    const codes = new Set([...LANGUAGE_CODES, ...(value ? [value] : []), ...(typed ? [typed] : [])]);
    return [...codes]
      .map((code) => ({ value: code, label: languageLabel(code, shownIn) }))
      .sort((one, other) => one.label.localeCompare(other.label, shownIn));
  }, [value, typed, shownIn]);
  return (
    <Select
      searchable
      clearable
      allowDeselect={false}
      filter={byNameOrCode}
      {...props}
      data={data}
      value={value || null}
      searchValue={search}
      onSearchChange={setSearch}
      onChange={(code) => onChange(code ?? "")}
    />
  );
}
