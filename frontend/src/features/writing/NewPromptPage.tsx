import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, invalidate, type Schemas } from "@/api/client";
import { type ApiError, isStatus } from "@/api/errors";
import { bodyOf, type Content, emptyContent, type Kind } from "@/features/writing/content";
import { PromptForm } from "@/features/writing/PromptForm";
import { useDraft } from "@/features/writing/useDraft";
import { Busy } from "@/ui/Busy";
import { TextLink } from "@/ui/links";
import { Notice } from "@/ui/Notice";
import { Page, PageHeader } from "@/ui/Page";
import { toast } from "@/ui/toasts";

/** Each new prompt has a draft with a key of its own in the address, so a reload or another tab goes on with the same one. */
export function NewPromptPage() {
  const { t } = useTranslation();
  const { draft: key, kind = "plain" } = useSearch({ from: "/members/write/new" });
  const navigate = useNavigate({ from: "/write/new" });
  // Only the server's word on keys that this page did not make up itself.
  const [own] = useState(() => new Set<string>());
  const openNew = (next: Kind) => {
    const draft = crypto.randomUUID();
    own.add(draft);
    return navigate({ to: "/write/new", search: { draft, kind: next }, replace: true });
  };
  useEffect(() => {
    if (key) return;
    const draft = crypto.randomUUID();
    own.add(draft);
    void navigate({ to: "/write/new", search: { draft, kind }, replace: true });
  }, [key, kind, navigate, own]);
  return (
    <Page title={t("Write a prompt")}>
      <PageHeader
        title={t("Write a prompt")}
        description={<TextLink to="/write">{t("Your prompts")}</TextLink>}
      />
      {key && <Loaded key={key} draftKey={key} kind={kind} isNew={own.has(key)} onNext={openNew} />}
    </Page>
  );
}

type LoadedProps = { draftKey: string; kind: Kind; isNew: boolean; onNext: (kind: Kind) => Promise<unknown> };

function Loaded({ isNew, ...props }: LoadedProps) {
  const { data, isPending } = useQuery({
    queryKey: ["writing-draft", props.draftKey],
    queryFn: () => readDraft(props.draftKey),
    enabled: !isNew,
    gcTime: 0,
    // Not while somebody writes: what is on the screen is theirs.
    staleTime: Number.POSITIVE_INFINITY,
    throwOnError: true,
  });
  if (!isNew && isPending) return <Busy />;
  return <NewPrompt {...props} server={data ?? null} />;
}

async function readDraft(key: string): Promise<Schemas["WritingDraft"] | null> {
  try {
    const { data } = await api.GET("/api/v1/writing/drafts/{key}", { params: { path: { key } } });
    return data ?? null;
  } catch (error) {
    if (isStatus(error, 404)) return null; // this browser's alone, or nobody's yet
    throw error;
  }
}

type NewPromptProps = Omit<LoadedProps, "isNew"> & { server: Schemas["WritingDraft"] | null };

function NewPrompt({ draftKey, kind, onNext, server }: NewPromptProps) {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: "/write/new" });
  const draft = useDraft({
    name: draftKey,
    server,
    initial: emptyContent(kind),
    onFork: (copy) => void navigate({ to: "/write/new", search: { draft: copy, kind }, replace: true }),
  });
  const submit = async (content: Content) => {
    const { data } = await api.POST("/api/v1/written-prompts", {
      body: { key: draftKey, ...bodyOf(content) },
    });
    draft.finish();
    toast({ message: t("Added {{count}} prompts.", { count: data?.prompt_count ?? 1 }) });
    await onNext(content.kind);
    void invalidate("/api/v1/writing", "/api/v1/written-prompts");
  };
  return (
    <>
      {draft.problem && <DraftProblem problem={draft.problem} />}
      {draft.copyKey && <OtherCopy draftKey={draft.copyKey} kind={kind} />}
      <PromptForm draft={draft} writtenId={null} submitLabel={t("Add the prompt")} onSubmit={submit} />
    </>
  );
}

function DraftProblem({ problem }: { problem: ApiError }) {
  const { t } = useTranslation();
  if (problem.code === "draft_written")
    return (
      <Notice tone="warn" title={t("This draft has become a prompt")}>
        <TextLink to="/write">{t("Look at your prompts")}</TextLink>
      </Notice>
    );
  return (
    <Notice tone="warn" title={t("This draft is kept in this browser only")}>
      {t(problem.message)} <TextLink to="/write">{t("Look at your drafts")}</TextLink>
    </Notice>
  );
}

/** The same draft was written elsewhere since; what this browser had lies beside it. */
function OtherCopy({ draftKey, kind }: { draftKey: string; kind: Kind }) {
  const { t } = useTranslation();
  return (
    <Notice tone="warn" title={t("This draft was changed elsewhere")}>
      {t("You see the newer one. What this browser had is a draft of its own now:")}{" "}
      <TextLink to="/write/new" search={{ draft: draftKey, kind }}>
        {t("open it")}
      </TextLink>
    </Notice>
  );
}
