import { Button, type ButtonProps } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "@/ui/toasts";

type ActButtonProps = ButtonProps & { onAct: () => Promise<unknown>; children: ReactNode };

/** Acts at once, without a question, and says why if it could not. */
export function ActButton({ onAct, children, ...props }: ActButtonProps) {
  const { t } = useTranslation();
  const [isBusy, setBusy] = useState(false);
  const act = async () => {
    setBusy(true);
    try {
      await onAct();
    } catch (error) {
      toast({ message: error instanceof Error ? error.message : t("It did not work."), isBad: true });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button variant="default" loading={isBusy} onClick={() => void act()} {...props}>
      {children}
    </Button>
  );
}
