import { Button, Group, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { $api, queryClient } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { sessionQuery, useMe } from "@/api/session";
import { FieldErrors } from "@/ui/FieldErrors";
import { toast } from "@/ui/toasts";

export function NameForm() {
  const { t } = useTranslation();
  const me = useMe();
  const form = useForm({ initialValues: { name: me.name ?? "" } });
  const save = $api.useMutation("patch", "/api/v1/me", {
    onSuccess: (changed) => {
      queryClient.setQueryData(sessionQuery.queryKey, changed);
      toast({ message: t("Saved.") });
    },
  });
  const errors = fieldErrors(save.error, ["name"]);
  return (
    <form onSubmit={form.onSubmit((body) => save.mutate({ body }))}>
      <FieldErrors message={errors[""]} />
      <Group align="flex-start">
        <TextInput
          aria-label={t("Name")}
          autoComplete="name"
          maxLength={120}
          required
          flex="1 1 14rem"
          {...form.getInputProps("name")}
          error={errors.name}
        />
        <Button type="submit" variant="default" loading={save.isPending}>
          {t("Save")}
        </Button>
      </Group>
    </form>
  );
}
