import { useMe } from "@/api/session";
import { ApiTokens } from "@/features/account/ApiTokens";
import { NameForm } from "@/features/account/NameForm";
import { PasswordForm } from "@/features/account/PasswordForm";
import { Page, PageHeader, Section } from "@/ui/Page";

export function ProfilePage() {
  const me = useMe();
  return (
    <Page title="Profile" width="narrow">
      <PageHeader
        title="Profile"
        description={`${me.email} · ${me.role} · in exports you are “${me.pseudonym}”, never your name`}
      />
      <Section title="Name">
        <NameForm />
      </Section>
      <Section title="Password">
        <PasswordForm />
      </Section>
      <Section
        title="API tokens"
        description="For programs that act as you. A token can do no more than you may."
      >
        <ApiTokens />
      </Section>
    </Page>
  );
}
