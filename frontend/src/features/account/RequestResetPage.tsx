import { Anchor, Button, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { requestPasswordReset } from "@/api/auth";
import { fieldErrors } from "@/api/errors";
import { OutsidePage } from "@/features/account/OutsidePage";
import { FieldErrors } from "@/ui/FieldErrors";

export function RequestResetPage() {
  const { t } = useTranslation();
  const form = useForm({ initialValues: { email: "" } });
  const request = useMutation({ mutationFn: requestPasswordReset });
  const errors = fieldErrors(request.error, ["email"]);
  if (request.isSuccess) {
    return (
      <OutsidePage
        title={t("Check your e-mail")}
        description={t(
          "If {{email}} has an account, a link is on its way. Where this server has no mail set up, an admin finds it in the server's log.",
          { email: request.variables },
        )}
      >
        <BackToLogin />
      </OutsidePage>
    );
  }
  return (
    <OutsidePage
      title={t("Set a new password")}
      description={t("A link goes to the address you log in with.")}
    >
      <form onSubmit={form.onSubmit(({ email }) => request.mutate(email))}>
        <Stack mt="lg">
          <FieldErrors message={errors[""]} />
          <TextInput
            label={t("E-mail")}
            type="email"
            autoComplete="username"
            required
            autoFocus
            {...form.getInputProps("email")}
            error={errors.email}
          />
          <Button type="submit" loading={request.isPending}>
            {t("Send the link")}
          </Button>
          <BackToLogin />
        </Stack>
      </form>
    </OutsidePage>
  );
}

function BackToLogin() {
  const { t } = useTranslation();
  return (
    <Anchor size="sm" mt="md" display="inline-block" renderRoot={(props) => <Link to="/login" {...props} />}>
      {t("Back to the login")}
    </Anchor>
  );
}
