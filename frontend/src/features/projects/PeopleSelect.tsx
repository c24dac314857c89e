import { MultiSelect } from "@mantine/core";
import { $api } from "@/api/client";

type PeopleSelectProps = {
  label: string;
  value: number[];
  error?: string | undefined;
  /** Who is not offered, since they are in already. */
  without?: number[];
  onChange: (ids: number[]) => void;
};

export function PeopleSelect({ label, value, error, without = [], onChange }: PeopleSelectProps) {
  const { data } = $api.useQuery("get", "/api/v1/users", {
    params: { query: { is_active: true, page_size: 200 } },
  });
  const people = data?.results.filter(({ id }) => !without.includes(id)) ?? [];
  return (
    <MultiSelect
      label={label}
      placeholder={value.length ? "" : "Choose people"}
      searchable
      data={people.map(({ id, name, email, role }) => ({
        value: String(id),
        label: `${name || email} · ${role}`,
      }))}
      value={value.map(String)}
      error={error}
      onChange={(ids) => onChange(ids.map(Number))}
    />
  );
}
