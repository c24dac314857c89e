import { Stack, Text } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { Fragment } from "react";
import { $api, api, invalidate, queryClient, type Schemas } from "@/api/client";
import { PROMPT_KIND, SPLIT, submitterLabel, USE_CASE } from "@/api/labels";
import { rowId } from "@/api/rowId";
import { AlikePrompts } from "@/features/prompts/AlikePrompts";
import { Annotations } from "@/features/prompts/Annotations";
import { OriginalOf } from "@/features/prompts/Original";
import { PromptBatches } from "@/features/prompts/PromptBatches";
import { PromptForm } from "@/features/prompts/PromptForm";
import classes from "@/features/prompts/Prompts.module.css";
import { ActButton } from "@/ui/ActButton";
import { ConfirmButton } from "@/ui/ConfirmButton";
import { Conversation } from "@/ui/Conversation";
import { type Fact, Facts } from "@/ui/Facts";
import { TextLink } from "@/ui/links";
import { Markdown } from "@/ui/Markdown";
import { Notice } from "@/ui/Notice";
import { Page, PageHeader, Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";

type Prompt = Schemas["Prompt"];

function keep(prompt: Prompt): Promise<unknown> {
  queryClient.setQueryData(
    ["get", "/api/v1/prompts/{prompt_id}", { params: { path: { prompt_id: prompt.id } } }],
    prompt,
  );
  return invalidate("/api/v1/prompts", "/api/v1/prompts/facets");
}

async function archive(prompt: Prompt, archived: boolean): Promise<void> {
  const { data } = await api.PATCH("/api/v1/prompts/{prompt_id}", {
    params: { path: { prompt_id: prompt.id } },
    body: { archived },
  });
  if (data) await keep(data);
}

export function PromptPage() {
  const id = rowId(useParams({ from: "/members/prompts/$promptId" }).promptId);
  const { data: prompt } = $api.useSuspenseQuery("get", "/api/v1/prompts/{prompt_id}", {
    params: { path: { prompt_id: id } },
  });
  return (
    <Page title={`Prompt ${prompt.id}`}>
      <PageHeader
        title={`Prompt ${prompt.id}`}
        description={
          <>
            <TextLink to="/prompts">Prompts</TextLink> · {USE_CASE[prompt.use_case]} ·{" "}
            {PROMPT_KIND[prompt.kind]}
            {prompt.archived_at && " · archived"}
          </>
        }
        actions={
          prompt.archived_at ? (
            <ActButton onAct={() => archive(prompt, false)}>Bring back</ActButton>
          ) : (
            <ConfirmButton
              title="Archive this prompt?"
              question="It is offered for no new task or dataset. What was said of it stays."
              confirmLabel="Archive"
              onConfirm={() => archive(prompt, true)}
            >
              Archive
            </ConfirmButton>
          )
        }
      />
      {prompt.replaced_by.length > 0 && (
        <Notice tone="warn" title="Replaced by a corrected copy">
          <Counterparts ids={prompt.replaced_by} />
        </Notice>
      )}
      {prompt.replaces.length > 0 && (
        <Notice tone="good" title="A corrected copy of">
          <Counterparts ids={prompt.replaces} />
        </Notice>
      )}
      <div className={classes.columns}>
        <div className={classes.stack}>
          {prompt.is_withheld ? (
            <Notice tone="warn" title="Its text is withheld">
              Its submitter asked for deletion. Neither the prompt nor the responses to it are shown, it is in
              no list and in no future version of a dataset; what was made of it before still leads here.
            </Notice>
          ) : (
            <Said prompt={prompt} />
          )}
        </div>
        <div className={classes.stack}>
          <Section title="About it">
            <Stack gap="md">
              <Facts facts={factsOf(prompt)} />
              {!prompt.is_withheld && <PromptForm key={prompt.id} prompt={prompt} onSaved={keep} />}
            </Stack>
          </Section>
          {!prompt.is_withheld && (
            <Section
              title="Annotations"
              description="The paper's list. Unset is an answer of its own: it is not a “no”."
            >
              <Annotations prompt={prompt} onChange={keep} />
            </Section>
          )}
        </div>
      </div>
    </Page>
  );
}

/** Where it came from, by ways that lead there. */
function factsOf(prompt: Prompt): Fact[] {
  const { submitter, prompt_import, import_line } = prompt;
  return [
    {
      label: "Submitter",
      value: prompt.is_withheld ? (
        submitterLabel(submitter)
      ) : (
        <TextLink to="/prompts" search={{ submitter }}>
          {submitterLabel(submitter)}
        </TextLink>
      ),
    },
    { label: "Split", value: SPLIT[prompt.split] },
    { label: "Sent to", value: prompt.model },
    {
      label: "Imported",
      value: prompt_import && (
        <TextLink to="/prompts/imports/$importId" params={{ importId: String(prompt_import) }}>
          {`Import ${prompt_import}, line ${import_line}`}
        </TextLink>
      ),
    },
    {
      label: "Personal data",
      value: prompt.pii_state === "open" && <TextLink to="/prompts/personal-data">To be reviewed</TextLink>,
    },
    { label: "Added", value: <RelativeTime at={prompt.created_at} /> },
  ];
}

/** What was said, and what else says nearly the same. */
function Said({ prompt }: { prompt: Prompt }) {
  return (
    <>
      <Section title="Conversation">
        <div dir="auto">
          <Conversation messages={prompt.messages} isFewShot={prompt.kind === "few_shot"} />
        </div>
      </Section>
      {prompt.written && <Written prompt={prompt} written={prompt.written} />}
      {prompt.is_redacted && <OriginalOf key={prompt.id} promptId={prompt.id} />}
      <PromptBatches batches={prompt.batches} />
      <AlikePrompts key={`alike ${prompt.id}`} promptId={prompt.id} />
    </>
  );
}

type WrittenProps = { prompt: Prompt; written: NonNullable<Prompt["written"]> };

/** What its author left beside it. */
function Written({ prompt, written }: WrittenProps) {
  const family = written.prompt_ids.filter((id) => id !== prompt.id);
  if (!written.source && !written.response && !family.length) return null;
  return (
    <Section
      title="From its author"
      description="For researchers: no labeler sees it, and no dataset of prompts has it."
    >
      <Stack gap="md">
        {written.response && (
          <div>
            <Text fw={600}>The author’s response</Text>
            <Markdown text={written.response} />
          </div>
        )}
        {written.source && (
          <div>
            <Text fw={600}>The use case it was made from</Text>
            <Markdown text={written.source} />
          </div>
        )}
        {family.length > 0 && (
          <Text>
            <b>Written at once with</b> <PromptLinks ids={family} />
          </Text>
        )}
      </Stack>
    </Section>
  );
}

function PromptLinks({ ids }: { ids: number[] }) {
  return ids.map((id, index) => (
    <Fragment key={id}>
      {index > 0 && ", "}
      <TextLink to="/prompts/$promptId" params={{ promptId: String(id) }}>
        prompt {id}
      </TextLink>
    </Fragment>
  ));
}

/** The other text of the same prompt, so that nobody has to leave the page to see what was corrected. */
function Counterparts({ ids }: { ids: number[] }) {
  return ids.map((id) => <Counterpart key={id} id={id} />);
}

function Counterpart({ id }: { id: number }) {
  const { data } = $api.useQuery("get", "/api/v1/prompts/{prompt_id}", {
    params: { path: { prompt_id: id } },
  });
  return (
    <div>
      <TextLink to="/prompts/$promptId" params={{ promptId: String(id) }}>
        Prompt {id}
      </TextLink>
      <Text size="sm" dir="auto" lineClamp={6} style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
        {data?.messages.at(-1)?.content}
      </Text>
    </div>
  );
}
