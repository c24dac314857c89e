import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { $api, queryClient } from "@/api/client";
import { errorMessage, fieldErrors } from "@/api/errors";
import { sessionQuery } from "@/api/session";
import { OutsidePage } from "@/features/account/OutsidePage";
import { FieldErrors } from "@/ui/FieldErrors";

export function InvitationPage() {
  const { t } = useTranslation();
  const { token } = useParams({ from: "/invitation/$token" });
  const navigate = useNavigate();
  const params = { path: { token } };
  const invitation = $api.useQuery("get", "/api/v1/invitations/accept/{token}", { params }, { retry: false });
  const form = useForm({ initialValues: { name: "", password: "" } });
  const accept = $api.useMutation("post", "/api/v1/invitations/accept/{token}", {
    onSuccess: async () => {
      await queryClient.fetchQuery({ ...sessionQuery, staleTime: 0 });
      await navigate({ to: "/" });
    },
  });
  const errors = fieldErrors(accept.error, ["name", "password"]);
  if (invitation.isError) {
    return (
      <OutsidePage title={t("This invitation cannot be used")} description={errorMessage(invitation.error)}>
        <p>{t("Ask the person who invited you for a new link.")}</p>
      </OutsidePage>
    );
  }
  const invited = invitation.data;
  return (
    <OutsidePage
      title={t("Welcome")}
      description={
        invited && t("{{email}} is invited. Choose a name and a password.", { email: invited.email })
      }
    >
      <form onSubmit={form.onSubmit((body) => accept.mutate({ params, body }))}>
        <Stack mt="lg">
          <FieldErrors message={errors[""]} />
          <TextInput
            label={t("Name")}
            autoComplete="name"
            required
            {...form.getInputProps("name")}
            error={errors.name}
          />
          <PasswordInput
            label={t("Password")}
            description={t("At least 10 characters.")}
            autoComplete="new-password"
            visibilityToggleButtonProps={{ "aria-label": t("Show or hide the password") }}
            required
            {...form.getInputProps("password")}
            error={errors.password}
          />
          <Button type="submit" loading={accept.isPending} disabled={!invited}>
            {t("Make my account")}
          </Button>
        </Stack>
      </form>
    </OutsidePage>
  );
}
