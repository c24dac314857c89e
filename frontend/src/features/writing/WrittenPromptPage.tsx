import { Button } from "@mantine/core";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { $api, api, invalidate, queryClient, type Schemas } from "@/api/client";
import { rowId } from "@/api/rowId";
import { archiveWritten } from "@/features/writing/archiving";
import { bodyOf, type Content, contentOf } from "@/features/writing/content";
import { PromptForm } from "@/features/writing/PromptForm";
import { ANNOTATIONS, KINDS, USE_CASES } from "@/features/writing/texts";
import { useDraft } from "@/features/writing/useDraft";
import classes from "@/features/writing/Writing.module.css";
import { Conversation } from "@/ui/Conversation";
import { Facts } from "@/ui/Facts";
import { languageName } from "@/ui/languages";
import { TextLink } from "@/ui/links";
import { Notice } from "@/ui/Notice";
import { Page, PageHeader, Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { toast } from "@/ui/toasts";

type Written = Schemas["WrittenPrompt"];

function queryKey(writtenId: number) {
  return ["get", "/api/v1/written-prompts/{written_id}", { params: { path: { written_id: writtenId } } }];
}

/** What one wrote: to be edited while nothing uses it, to be read afterwards. */
export function WrittenPromptPage() {
  const { t } = useTranslation();
  const id = rowId(useParams({ from: "/members/write/$writtenId" }).writtenId);
  const { data: written } = $api.useSuspenseQuery("get", "/api/v1/written-prompts/{written_id}", {
    params: { path: { written_id: id } },
  });
  const setArchived = async (archived: boolean) => {
    const changed = await archiveWritten(id, archived);
    if (changed) queryClient.setQueryData(queryKey(id), changed);
  };
  const canEdit = !written.is_used && !written.is_archived;
  return (
    <Page title={t("Your prompt")}>
      <PageHeader
        title={t("Your prompt")}
        description={
          <>
            <TextLink to="/write">{t("Your prompts")}</TextLink> · {t(labelOf(KINDS, written.kind))} ·{" "}
            <RelativeTime at={written.created_at} />
          </>
        }
        actions={
          <Button variant="default" onClick={() => void setArchived(!written.is_archived)}>
            {written.is_archived ? t("Bring back") : t("Archive")}
          </Button>
        }
      />
      {written.is_archived && (
        <Notice tone="warn" title={t("Archived")}>
          {t("It is offered for no new task or dataset.")}
        </Notice>
      )}
      {written.is_used && !written.is_archived && (
        <Notice tone="good" title={t("In use")}>
          {t(
            "People may have answered it, so its text stays as it is. Archive it and write another if it is wrong.",
          )}
        </Notice>
      )}
      {canEdit ? <Edit written={written} /> : <Shown written={written} />}
    </Page>
  );
}

function Edit({ written }: { written: Written }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const draft = useDraft({
    name: `edit-${written.id}`,
    server: null,
    initial: contentOf(written.content),
  });
  const submit = async (content: Content) => {
    const params = { path: { written_id: written.id } };
    await api.PUT("/api/v1/written-prompts/{written_id}", { params, body: bodyOf(content) });
    draft.finish();
    toast({ message: t("Saved.") });
    await navigate({ to: "/write" });
    queryClient.removeQueries({ queryKey: queryKey(written.id) });
    void invalidate("/api/v1/writing", "/api/v1/written-prompts");
  };
  return (
    <PromptForm draft={draft} writtenId={written.id} submitLabel={t("Save the edit")} onSubmit={submit} />
  );
}

function Shown({ written }: { written: Written }) {
  const { t, i18n } = useTranslation();
  const { content } = written;
  const messages =
    content.kind === "few_shot"
      ? [
          { role: "system", content: content.instruction },
          ...content.pairs.flatMap(({ query = "", response = "" }) => [
            { role: "user", content: query },
            { role: "assistant", content: response },
          ]),
        ]
      : [{ role: "user", content: content.text }];
  const said = ANNOTATIONS.filter(({ name }) => name in content.annotations);
  return (
    <div className={classes.form}>
      <div className={classes.writing}>
        <Section title={t("Prompt")}>
          <div dir="auto">
            <Conversation messages={messages} />
          </div>
        </Section>
        {content.source && <Section title={t("The use case")}>{content.source}</Section>}
      </div>
      <Section title={t("About the prompt")}>
        <Facts
          facts={[
            { label: t("Use case"), value: t(labelOf(USE_CASES, written.use_case)) },
            {
              label: t("Language"),
              value: content.language ? languageName(content.language, i18n.language) : "–",
            },
            ...said.map(({ name, label }) => ({
              label: t(label),
              value: content.annotations[name] ? t("Yes") : t("No"),
            })),
          ]}
        />
      </Section>
    </div>
  );
}

function labelOf(table: { value: string; label: string }[], value: string): string {
  return table.find((entry) => entry.value === value)?.label ?? value;
}
