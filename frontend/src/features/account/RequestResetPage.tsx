import { Anchor, Button, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { requestPasswordReset } from "@/api/auth";
import { fieldErrors } from "@/api/errors";
import { OutsidePage } from "@/features/account/OutsidePage";
import { FieldErrors } from "@/ui/FieldErrors";

export function RequestResetPage() {
  const form = useForm({ initialValues: { email: "" } });
  const request = useMutation({ mutationFn: requestPasswordReset });
  const errors = fieldErrors(request.error, ["email"]);
  if (request.isSuccess) {
    return (
      <OutsidePage
        title="Check your e-mail"
        description={`If ${request.variables} has an account, a link is on its way. Where this server has no mail set up, an admin finds it in the server's log.`}
      >
        <BackToLogin />
      </OutsidePage>
    );
  }
  return (
    <OutsidePage title="Set a new password" description="A link goes to the address you log in with.">
      <form onSubmit={form.onSubmit(({ email }) => request.mutate(email))}>
        <Stack mt="lg">
          <FieldErrors message={errors[""]} />
          <TextInput
            label="E-mail"
            type="email"
            autoComplete="username"
            required
            autoFocus
            {...form.getInputProps("email")}
            error={errors.email}
          />
          <Button type="submit" loading={request.isPending}>
            Send the link
          </Button>
          <BackToLogin />
        </Stack>
      </form>
    </OutsidePage>
  );
}

function BackToLogin() {
  return (
    <Anchor size="sm" mt="md" display="inline-block" renderRoot={(props) => <Link to="/login" {...props} />}>
      Back to the login
    </Anchor>
  );
}
