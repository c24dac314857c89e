import { Button, type ButtonProps } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy } from "@tabler/icons-react";

export function CopyButton({
  value,
  label = "Copy",
  ...props
}: { value: string; label?: string } & ButtonProps) {
  const clipboard = useClipboard();
  const Icon = clipboard.copied ? IconCheck : IconCopy;
  return (
    <Button
      variant="default"
      size="compact-sm"
      leftSection={<Icon size={14} aria-hidden />}
      onClick={() => clipboard.copy(value)}
      {...props}
    >
      <span aria-live="polite">{clipboard.copied ? "Copied" : label}</span>
    </Button>
  );
}
