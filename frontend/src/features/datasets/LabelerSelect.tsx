import { type ComboboxParsedItem, MultiSelect } from "@mantine/core";
import { usePeopleChoice } from "@/api/people";

type LabelerSelectProps = {
  label: string;
  /** What it means that nobody is chosen. */
  none: string;
  value: number[] | undefined;
  onChange: (ids: number[]) => void;
};

/** Those who answered, also long ago: who has no access any more is offered, too. */
export function LabelerSelect({ label, none, value = [], onChange }: LabelerSelectProps) {
  const { filter, ...choice } = usePeopleChoice({ chosen: value, label: ({ name, email }) => name || email });
  return (
    <MultiSelect
      {...choice}
      label={label}
      placeholder={value.length ? "" : none}
      filter={(input) => filter(input) as ComboboxParsedItem[]}
      value={value.map(String)}
      onChange={(ids) => onChange(ids.map(Number))}
    />
  );
}
