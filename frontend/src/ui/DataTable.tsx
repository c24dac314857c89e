import { Group, LoadingOverlay, Pagination, Table, Text, UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import classes from "@/ui/DataTable.module.css";
import { formatNumber } from "@/ui/format";
import { msg } from "@/ui/language";

export type Column<Row> = {
  key: string;
  header: string;
  render: (row: Row) => ReactNode;
  align?: "left" | "right";
  /** At least so wide; without it a phone would squeeze a text to a word a line. */
  width?: string;
  /** The server's name for this order; a column without one cannot be sorted. */
  ordering?: string;
};

type DataTableProps<Row> = {
  label: string;
  columns: Column<Row>[];
  rows: Row[] | undefined;
  rowKey: (row: Row) => string | number;
  isLoading?: boolean;
  empty?: ReactNode;
  /** The server's count of all rows, for the pages. */
  count?: number;
  page?: number;
  pageSize?: number;
  onPageChange?: (page: number) => void;
  ordering?: string;
  onOrderingChange?: (ordering: string) => void;
};

/** A table whose pages and order are the server's. It scrolls sideways in itself, never the page. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, columns, rows, rowKey, isLoading, empty } = props;
  if (rows && !rows.length && empty && !isLoading) return <>{empty}</>;
  return (
    <div className={classes.frame}>
      <LoadingOverlay
        visible={Boolean(isLoading) && !rows?.length}
        overlayProps={{ backgroundOpacity: 0.4 }}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section className={classes.scroll} aria-label={label} tabIndex={0}>
        <Table highlightOnHover verticalSpacing={7} horizontalSpacing="sm">
          <Table.Thead>
            <Table.Tr>
              {columns.map((column) => (
                <HeaderCell key={column.key} column={column} {...props} />
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows?.map((row) => (
              <Table.Tr key={rowKey(row)}>
                {columns.map((column) => (
                  <Table.Td key={column.key} ta={column.align ?? "left"}>
                    {column.render(row)}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </section>
      <Pages {...props} />
    </div>
  );
}

type OrderingProps = { ordering?: string; onOrderingChange?: (ordering: string) => void };

function HeaderCell<Row>({ column, ordering, onOrderingChange }: { column: Column<Row> } & OrderingProps) {
  const name = column.ordering;
  const direction = !name
    ? undefined
    : ordering === name
      ? "ascending"
      : ordering === `-${name}`
        ? "descending"
        : "none";
  const Arrow = direction === "descending" ? IconArrowDown : IconArrowUp;
  return (
    <Table.Th
      w={column.width}
      miw={column.width}
      ta={column.align ?? "left"}
      aria-sort={direction}
      scope="col"
      className={classes.head}
    >
      {name && onOrderingChange ? (
        <UnstyledButton
          className={classes.sort}
          onClick={() => onOrderingChange(direction === "ascending" ? `-${name}` : name)}
        >
          {column.header}
          {direction !== "none" && <Arrow size={13} aria-hidden />}
        </UnstyledButton>
      ) : (
        column.header
      )}
    </Table.Th>
  );
}

const CONTROL = {
  first: msg("First page"),
  previous: msg("Previous page"),
  next: msg("Next page"),
  last: msg("Last page"),
} as const;

type PagesProps = { count?: number; page?: number; pageSize?: number; onPageChange?: (page: number) => void };

function Pages({ count, page = 1, pageSize = 50, onPageChange }: PagesProps) {
  const { t } = useTranslation();
  if (count === undefined || !onPageChange) return null;
  const first = count ? (page - 1) * pageSize + 1 : 0;
  return (
    <Group justify="space-between" className={classes.pages}>
      <Text size="sm" c="dimmed" role="status">
        {t("{{first}}–{{last}} of {{total}}", {
          first: formatNumber(first),
          last: formatNumber(Math.min(count, page * pageSize)),
          total: formatNumber(count),
        })}
      </Text>
      {count > pageSize && (
        <Pagination
          size="sm"
          total={Math.ceil(count / pageSize)}
          value={page}
          onChange={onPageChange}
          getControlProps={(control) => ({ "aria-label": t(CONTROL[control]) })}
          getItemProps={(item) => ({ "aria-label": t("Page {{number}}", { number: item }) })}
        />
      )}
    </Group>
  );
}
