import { Alert } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";

/** What went wrong with a whole form or page; a field's own message stands at the field. */
export function FieldErrors({ message, title }: { message?: ReactNode; title?: string }) {
  if (!message) return null;
  return (
    <Alert
      color="red"
      variant="light"
      role="alert"
      title={title}
      icon={<IconAlertTriangle size={18} aria-hidden />}
    >
      {message}
    </Alert>
  );
}
