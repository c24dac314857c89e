import { Alert, Badge, Code, Group, Stack, Text } from "@mantine/core";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { $api, api, invalidate, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { NewToken } from "@/features/account/NewToken";
import { ConfirmButton } from "@/ui/ConfirmButton";
import { CopyButton } from "@/ui/CopyButton";
import { type Column, DataTable } from "@/ui/DataTable";
import { FieldErrors } from "@/ui/FieldErrors";
import { RelativeTime } from "@/ui/RelativeTime";

type Token = Schemas["Token"];

async function revoke(token: Token): Promise<void> {
  await api.DELETE("/api/v1/tokens/{token_id}", { params: { path: { token_id: token.id } } });
  await invalidate("/api/v1/tokens");
}

const columns = (t: TFunction): Column<Token>[] => [
  { key: "name", header: t("Name"), render: (token) => token.name },
  { key: "prefix", header: t("Starts with"), render: (token) => <Code>{token.prefix}…</Code> },
  {
    key: "scopes",
    header: t("May"),
    render: (token) => (
      <Group gap={4}>
        {token.scopes.map((scope) => (
          <Badge key={scope} color="gray" tt="none">
            {scope}
          </Badge>
        ))}
      </Group>
    ),
  },
  { key: "used", header: t("Last used"), render: (token) => <RelativeTime at={token.last_used_at} /> },
  { key: "expires", header: t("Expires"), render: (token) => <RelativeTime at={token.expires_at} /> },
  {
    key: "revoke",
    header: "",
    align: "right",
    render: (token) => (
      <ConfirmButton
        size="compact-sm"
        title={t("Revoke “{{name}}”?", { name: token.name })}
        question={t("Programs that use it are refused from now on.")}
        confirmLabel={t("Revoke")}
        onConfirm={() => revoke(token)}
      >
        {t("Revoke")}
      </ConfirmButton>
    ),
  },
];

export function ApiTokens() {
  const { t } = useTranslation();
  const { data, error, isPending } = $api.useQuery("get", "/api/v1/tokens");
  const [made, setMade] = useState<Token | null>(null);
  const rows = data?.filter((token) => !token.revoked_at);
  return (
    <Stack>
      {made?.secret && (
        <Alert
          variant="light"
          title={t("“{{name}}” is ready", { name: made.name })}
          withCloseButton
          onClose={() => setMade(null)}
        >
          <Text size="sm">{t("Copy it now: it is not stored and cannot be shown again.")}</Text>
          <Group gap="xs" mt={6}>
            <Code>{made.secret}</Code>
            <CopyButton value={made.secret} />
          </Group>
        </Alert>
      )}
      {error && <FieldErrors message={errorMessage(error)} />}
      <DataTable
        label={t("API tokens")}
        columns={columns(t)}
        rows={rows}
        rowKey={(token) => token.id}
        isLoading={isPending}
        empty={<Text c="dimmed">{t("You have no tokens.")}</Text>}
      />
      <NewToken onMade={setMade} />
    </Stack>
  );
}
