import { MultiSelect, type MultiSelectProps } from "@mantine/core";
import { type Source, useChoice } from "@/api/choice";

type IdSelectProps = Omit<MultiSelectProps, "value" | "onChange"> & {
  label: string;
  /** What it means that nothing is chosen. */
  none?: string;
  value: readonly number[] | undefined;
  onChange: (ids: number[]) => void;
};

export function IdSelect({ value = [], onChange, none = "All", ...props }: IdSelectProps) {
  return (
    <MultiSelect
      searchable
      {...props}
      placeholder={value.length ? "" : none}
      value={value.map(String)}
      onChange={(ids) => onChange(ids.map(Number))}
    />
  );
}

type FoundSelectProps<Row extends { id: number }, Filters> = IdSelectProps & {
  source: Source<Row, Filters>;
  query?: Filters;
};

/** Of a list that may be long. People are those who answered, also long ago: who has no access any more is offered, too. */
export function FoundSelect<Row extends { id: number }, Filters>({
  source,
  query,
  ...props
}: FoundSelectProps<Row, Filters>) {
  const { select } = useChoice(source, { chosen: props.value ?? [], ...(query && { query }) });
  return <IdSelect {...props} {...select} />;
}
