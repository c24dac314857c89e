import { SegmentedControl } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import { ApiTokens } from "@/features/account/ApiTokens";
import { NameForm } from "@/features/account/NameForm";
import { PasswordForm } from "@/features/account/PasswordForm";
import { BREAK_CHOICES, useBreakMinutes } from "@/ui/breakMinutes";
import { Page, PageHeader, Section } from "@/ui/Page";

export function ProfilePage() {
  const { t } = useTranslation();
  const me = useMe();
  return (
    <Page title={t("Profile")} width="narrow">
      <PageHeader
        title={t("Profile")}
        description={t("{{email}} · in exports you are “{{pseudonym}}”, never your name", {
          email: me.email,
          pseudonym: me.pseudonym,
        })}
      />
      <Section title={t("Name")}>
        <NameForm />
      </Section>
      <BreakSection />
      <Section title={t("Password")}>
        <PasswordForm />
      </Section>
      <Section
        title={t("API tokens")}
        description={t("For programs that act as you. A token can do no more than you may.")}
      >
        <ApiTokens />
      </Section>
    </Page>
  );
}

function BreakSection() {
  const { t } = useTranslation();
  const [minutes, setMinutes] = useBreakMinutes();
  return (
    <Section
      title={t("Breaks")}
      description={t(
        "After so much work without a break, a quiet note says so. It never stops you. Kept in this browser.",
      )}
    >
      <SegmentedControl
        aria-label={t("Remind me of a break")}
        value={String(minutes)}
        onChange={(value) => setMinutes(Number(value))}
        data={BREAK_CHOICES.map((choice) => ({
          value: String(choice),
          label: choice ? t("{{count}} minutes", { count: choice }) : t("Never"),
        }))}
      />
    </Section>
  );
}
