import { Anchor, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { logIn } from "@/api/auth";
import { queryClient } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { sessionQuery } from "@/api/session";
import { OutsidePage } from "@/features/account/OutsidePage";
import { FieldErrors } from "@/ui/FieldErrors";

export function LoginPage() {
  const { t } = useTranslation();
  const { next } = useSearch({ from: "/login" });
  const navigate = useNavigate();
  const form = useForm({ initialValues: { email: "", password: "" } });
  const login = useMutation({
    mutationFn: logIn,
    onSuccess: async () => {
      await queryClient.fetchQuery({ ...sessionQuery, staleTime: 0 });
      await navigate({ href: next ?? "/" });
    },
  });
  const errors = fieldErrors(login.error, ["email"]);
  return (
    <OutsidePage title={t("Log in")}>
      <form onSubmit={form.onSubmit((values) => login.mutate(values))}>
        <Stack mt="lg">
          {/* allauth names the password field for a pair that is wrong as a whole. */}
          <FieldErrors message={errors[""]?.replace(/^password: /, "")} />
          <TextInput
            label={t("E-mail")}
            type="email"
            autoComplete="username"
            required
            autoFocus
            {...form.getInputProps("email")}
            error={errors.email}
          />
          <PasswordInput
            label={t("Password")}
            autoComplete="current-password"
            visibilityToggleButtonProps={{ "aria-label": t("Show or hide the password") }}
            required
            {...form.getInputProps("password")}
          />
          <Button type="submit" loading={login.isPending}>
            {t("Log in")}
          </Button>
          <Anchor size="sm" renderRoot={(props) => <Link to="/password-reset" {...props} />}>
            {t("Forgot your password?")}
          </Anchor>
        </Stack>
      </form>
    </OutsidePage>
  );
}
