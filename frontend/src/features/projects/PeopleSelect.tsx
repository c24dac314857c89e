import { type ComboboxParsedItem, MultiSelect } from "@mantine/core";
import { usePeopleChoice } from "@/api/people";

type PeopleSelectProps = {
  label: string;
  value: number[];
  error?: string | undefined;
  /** Who is not offered, since they are in already. */
  without?: number[];
  onChange: (ids: number[]) => void;
};

export function PeopleSelect({ label, value, error, without = [], onChange }: PeopleSelectProps) {
  const { filter, ...choice } = usePeopleChoice({
    chosen: value,
    without,
    isActive: true,
    label: ({ name, email, role }) => `${name || email} · ${role}`,
  });
  return (
    <MultiSelect
      {...choice}
      label={label}
      placeholder={value.length ? "" : "Choose people"}
      filter={(input) => filter(input) as ComboboxParsedItem[]}
      value={value.map(String)}
      error={error}
      onChange={(ids) => onChange(ids.map(Number))}
    />
  );
}
