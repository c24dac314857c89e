import { Progress, Text } from "@mantine/core";
import { formatNumber } from "@/ui/format";

type ProgressLineProps = {
  label: string;
  done: number;
  total: number | null | undefined;
  unit?: string;
  isQuiet?: boolean;
};

/** "120 of 400 steps" over a bar; without a known total only the count. */
export function ProgressLine({ label, done, total, unit = "", isQuiet = false }: ProgressLineProps) {
  const share = total ? Math.min(100, (done / total) * 100) : 0;
  return (
    <div>
      <Text size="xs" c="dimmed" span>
        {formatNumber(done)}
        {total ? ` of ${formatNumber(total)}` : ""} {unit}
      </Text>
      {Boolean(total) && (
        <Progress.Root size={5} mt={3}>
          <Progress.Section value={share} aria-label={label} color={isQuiet ? "gray" : undefined} />
        </Progress.Root>
      )}
    </div>
  );
}
