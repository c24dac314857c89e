import { Anchor, Button, PasswordInput, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { checkResetKey, resetPassword } from "@/api/auth";
import { fieldErrors } from "@/api/errors";
import { OutsidePage } from "@/features/account/OutsidePage";
import { FieldErrors } from "@/ui/FieldErrors";
import { toast } from "@/ui/toasts";

export function ResetPasswordPage() {
  const { t } = useTranslation();
  const { key } = useParams({ from: "/password-reset/$key" });
  const navigate = useNavigate();
  const check = useQuery({
    queryKey: ["password-reset", key],
    queryFn: () => checkResetKey(key).then(() => true),
    retry: false,
  });
  const form = useForm({ initialValues: { password: "" } });
  const reset = useMutation({
    mutationFn: (password: string) => resetPassword(key, password),
    onSuccess: async () => {
      toast({ message: t("Your password is changed. Log in with the new one.") });
      await navigate({ to: "/login" });
    },
  });
  const errors = fieldErrors(reset.error, ["password"]);
  if (check.isError) {
    return (
      <OutsidePage
        title={t("This link no longer works")}
        description={t("It may have been used already, or be too old.")}
      >
        <Anchor
          mt="md"
          display="inline-block"
          renderRoot={(props) => <Link to="/password-reset" {...props} />}
        >
          {t("Ask for a new one")}
        </Anchor>
      </OutsidePage>
    );
  }
  return (
    <OutsidePage title={t("Choose a new password")}>
      <form onSubmit={form.onSubmit(({ password }) => reset.mutate(password))}>
        <Stack mt="lg">
          <FieldErrors message={errors[""]} />
          <PasswordInput
            label={t("New password")}
            description={t("At least 10 characters.")}
            autoComplete="new-password"
            visibilityToggleButtonProps={{ "aria-label": t("Show or hide the password") }}
            required
            autoFocus
            {...form.getInputProps("password")}
            error={errors.password}
          />
          <Button type="submit" loading={reset.isPending} disabled={check.isPending}>
            {t("Save")}
          </Button>
        </Stack>
      </form>
    </OutsidePage>
  );
}
