import { Button, Checkbox, Group, NumberInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { $api, invalidate, type Schemas } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { FieldErrors } from "@/ui/FieldErrors";
import { msg } from "@/ui/language";

type Body = Schemas["IssueTokenRequest"];

const SCOPES: { value: Body["scopes"][number]; label: string }[] = [
  { value: "read", label: msg("Read") },
  { value: "label", label: msg("Label") },
  { value: "write", label: msg("Write") },
  { value: "admin", label: msg("Administer") },
];
const INITIAL: Body = { name: "", scopes: ["read"], days: 90 };

export function NewToken({ onMade }: { onMade: (token: Schemas["Token"]) => void }) {
  const { t } = useTranslation();
  const form = useForm({ initialValues: INITIAL });
  const make = $api.useMutation("post", "/api/v1/tokens", {
    onSuccess: async (token) => {
      form.reset();
      onMade(token);
      await invalidate("/api/v1/tokens");
    },
  });
  const errors = fieldErrors(make.error, ["name", "scopes", "days"]);
  return (
    <form onSubmit={form.onSubmit((body) => make.mutate({ body }))}>
      <Stack gap="sm">
        <FieldErrors message={errors[""]} />
        <Group align="flex-start">
          <TextInput
            label={t("New token for")}
            placeholder={t("Export script")}
            maxLength={80}
            required
            flex="1 1 14rem"
            {...form.getInputProps("name")}
            error={errors.name}
          />
          <NumberInput
            label={t("Days")}
            min={1}
            max={366}
            required
            w="6rem"
            {...form.getInputProps("days")}
            error={errors.days}
          />
        </Group>
        <Checkbox.Group label={t("It may")} {...form.getInputProps("scopes")} error={errors.scopes}>
          <Group gap="md" mt={4}>
            {SCOPES.map((scope) => (
              <Checkbox key={scope.value} value={scope.value} label={t(scope.label)} />
            ))}
          </Group>
        </Checkbox.Group>
        <Group>
          <Button type="submit" variant="default" loading={make.isPending}>
            {t("Make a token")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
