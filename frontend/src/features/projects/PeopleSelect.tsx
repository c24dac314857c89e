import { MultiSelect } from "@mantine/core";
import { PEOPLE, useChoice } from "@/api/choice";

type PeopleSelectProps = {
  label: string;
  value: number[];
  error?: string | undefined;
  /** Who is not offered, since they are in already. */
  without?: number[];
  onChange: (ids: number[]) => void;
};

export function PeopleSelect({ label, value, error, without = [], onChange }: PeopleSelectProps) {
  const people = useChoice(PEOPLE, {
    chosen: value,
    query: { is_active: true },
    without,
    label: ({ name, email, role }) => `${name || email} · ${role}`,
  });
  return (
    <MultiSelect
      {...people.select}
      label={label}
      placeholder={value.length ? "" : "Choose people"}
      value={value.map(String)}
      error={error}
      onChange={(ids) => onChange(ids.map(Number))}
    />
  );
}
