import { Button, PasswordInput, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { changePassword } from "@/api/auth";
import { fieldErrors } from "@/api/errors";
import { FieldErrors } from "@/ui/FieldErrors";
import { toast } from "@/ui/toasts";

export function PasswordForm() {
  const { t } = useTranslation();
  const form = useForm({ initialValues: { current_password: "", new_password: "" } });
  const change = useMutation({
    mutationFn: changePassword,
    onSuccess: () => {
      form.reset();
      toast({ message: t("Your password is changed.") });
    },
  });
  const errors = fieldErrors(change.error, ["current_password", "new_password"]);
  return (
    <form onSubmit={form.onSubmit((values) => change.mutate(values))}>
      <Stack gap="sm" maw="22rem">
        <FieldErrors message={errors[""]} />
        <PasswordInput
          label={t("Current password")}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ "aria-label": t("Show or hide the password") }}
          required
          {...form.getInputProps("current_password")}
          error={errors.current_password}
        />
        <PasswordInput
          label={t("New password")}
          description={t("At least 10 characters.")}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ "aria-label": t("Show or hide the password") }}
          required
          {...form.getInputProps("new_password")}
          error={errors.new_password}
        />
        <Button
          type="submit"
          variant="default"
          loading={change.isPending}
          style={{ alignSelf: "flex-start" }}
        >
          {t("Change the password")}
        </Button>
      </Stack>
    </form>
  );
}
