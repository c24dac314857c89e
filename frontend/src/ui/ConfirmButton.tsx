import { Button, type ButtonProps, Group, Modal, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { FieldErrors } from "@/ui/FieldErrors";

type ConfirmButtonProps = ButtonProps & {
  title: string;
  question: ReactNode;
  confirmLabel: string;
  dismissLabel?: string;
  onConfirm: () => Promise<unknown>;
  children: ReactNode;
};

/** Asks before it acts, stays open while it acts, and says why if it could not. */
export function ConfirmButton({
  title,
  question,
  confirmLabel,
  dismissLabel,
  onConfirm,
  children,
  ...props
}: ConfirmButtonProps) {
  const { t } = useTranslation();
  const [isOpen, dialog] = useDisclosure(false);
  const [isBusy, setBusy] = useState(false);
  const [message, setMessage] = useState("");
  const confirm = async () => {
    setBusy(true);
    setMessage("");
    try {
      await onConfirm();
      dialog.close();
    } catch (error) {
      setMessage(error instanceof Error ? error.message : t("It did not work."));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button variant="default" onClick={dialog.open} {...props}>
        {children}
      </Button>
      <Modal opened={isOpen} onClose={dialog.close} title={title}>
        <Text component="div" mb="md">
          {question}
        </Text>
        <FieldErrors message={message} />
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={dialog.close}>
            {dismissLabel ?? t("Cancel")}
          </Button>
          <Button color="red" loading={isBusy} onClick={() => void confirm()} data-autofocus>
            {confirmLabel}
          </Button>
        </Group>
      </Modal>
    </>
  );
}
