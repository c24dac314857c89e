import { Button, Group, Radio, Stack, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { $api, api, invalidate, queryClient, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { useEvents } from "@/api/events";
import { submitterLabel, USE_CASE } from "@/api/labels";
import { rowId } from "@/api/rowId";
import { DroppedLines } from "@/features/prompts/DroppedLines";
import { hasNothingNew, importName, importState } from "@/features/prompts/importState";
import classes from "@/features/prompts/Prompts.module.css";
import { ActButton } from "@/ui/ActButton";
import { ConfirmButton } from "@/ui/ConfirmButton";
import { type Column, DataTable } from "@/ui/DataTable";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatNumber, pluralize } from "@/ui/format";
import { LinkButton, TextLink } from "@/ui/links";
import { Notice } from "@/ui/Notice";
import { Page, PageHeader, Section } from "@/ui/Page";
import { ProgressLine } from "@/ui/ProgressLine";
import { Stat, StatGroup } from "@/ui/Stat";
import { StatusBadge } from "@/ui/StatusBadge";

type Import = Schemas["PromptImport"];
type Bad = Import["report"]["bad"][number];
type Good = Import["report"]["good"][number];
type OnError = Schemas["ConfirmImportRequest"]["on_error"];

export function ImportReportPage() {
  const id = rowId(useParams({ from: "/members/prompts/imports/$importId" }).importId);
  const { data: report } = $api.useSuspenseQuery("get", "/api/v1/prompt-imports/{import_id}", {
    params: { path: { import_id: id } },
  });
  useEvents(
    ["imports"],
    [["get", "/api/v1/prompt-imports/{import_id}", { params: { path: { import_id: id } } }]],
    { only: id },
  );
  const { label, tone } = importState(report);
  const left =
    report.duplicate_count +
    report.prefix_count +
    report.near_count +
    report.over_cap_count +
    report.no_consent_count;
  return (
    <Page title={importName(report)}>
      <PageHeader
        title={importName(report)}
        description={
          <Group gap="sm">
            <StatusBadge tone={tone}>{label}</StatusBadge>
            {report.title && <Text>{report.file_name}</Text>}
            <TextLink to="/prompts/import">Import another file</TextLink>
          </Group>
        }
        actions={<Actions report={report} />}
      />
      <StatGroup>
        <Stat label="Lines" value={formatNumber(report.line_count)} />
        <Stat
          label="New prompts"
          value={formatNumber(report.good_count)}
          hint={report.response_count ? `with ${pluralize(report.response_count, "response")}` : undefined}
        />
        <Stat
          label="Known already"
          value={formatNumber(report.duplicate_count + report.prefix_count + report.near_count)}
          hint={
            report.prefix_count + report.near_count
              ? `${formatNumber(report.prefix_count)} by their beginning, ${formatNumber(report.near_count)} nearly`
              : undefined
          }
        />
        <Stat
          label="Over the cap"
          value={formatNumber(report.over_cap_count)}
          hint={`${formatNumber(report.cap_per_submitter ?? 0)} per submitter`}
        />
        {report.no_consent_count > 0 && (
          <Stat label="Without consent" value={formatNumber(report.no_consent_count)} />
        )}
        <Stat label="Bad lines" value={formatNumber(report.bad_count)} />
      </StatGroup>
      <AtWork report={report} />
      <Result report={report} />
      {(report.state === "previewed" || report.state === "refused") && <Decision report={report} />}
      {report.bad_count > 0 && <BadLines report={report} />}
      {left > 0 && report.state !== "checking" && <DroppedLines importId={report.id} />}
      {report.report.good.length > 0 && (
        <Section
          title="The first good lines"
          description={report.state === "imported" ? "As they are kept." : "As they would be kept."}
        >
          <DataTable
            label="Good lines"
            columns={GOOD}
            rows={[...report.report.good]}
            rowKey={(row) => row.line}
          />
        </Section>
      )}
    </Page>
  );
}

function keep(changed: Import): Promise<unknown> {
  queryClient.setQueryData(
    ["get", "/api/v1/prompt-imports/{import_id}", { params: { path: { import_id: changed.id } } }],
    changed,
  );
  return invalidate("/api/v1/prompt-imports", "/api/v1/prompts", "/api/v1/prompts/facets");
}

type Act = "undo" | "resume" | "stop-following";

async function act(report: Import, name: Act): Promise<void> {
  const { data, error } = await api.POST(`/api/v1/prompt-imports/{import_id}/${name}`, {
    params: { path: { import_id: report.id } },
  });
  if (error) throw new Error(errorMessage(error));
  if (data) await keep(data);
}

/** What can be done with an import that was written: it can be undone, and a log can be left alone. */
function Actions({ report }: { report: Import }) {
  if (report.state !== "imported" && !(report.state === "importing" && report.error)) return null;
  return (
    <Group>
      {report.follows && <ActButton onAct={() => act(report, "stop-following")}>Stop following</ActButton>}
      <ConfirmButton
        variant="default"
        title="Undo this import?"
        question="Prompts that nobody has used are deleted, with their responses. Those in use are archived, and named here."
        confirmLabel="Undo the import"
        onConfirm={() => act(report, "undo")}
      >
        Undo
      </ConfirmButton>
    </Group>
  );
}

const WORK = { checking: "Reading", importing: "Importing", undoing: "Undoing" } as const;

/** How far the worker is, live; or why it stopped. */
function AtWork({ report }: { report: Import }) {
  if (report.error)
    return (
      <Notice tone="bad" title="It stopped, and can go on where it was">
        <Stack gap="sm">
          {report.error}
          <Group>
            <ActButton onAct={() => act(report, "resume")}>Go on</ActButton>
          </Group>
        </Stack>
      </Notice>
    );
  if (!(report.state in WORK)) return null;
  const name = WORK[report.state as keyof typeof WORK];
  const unit = report.state === "checking" ? "bytes" : "lines";
  return (
    <Section title={`${name} …`} description="You may leave this page; it goes on.">
      <ProgressLine label={name} done={report.steps_done} total={report.steps_total} unit={unit} />
    </Section>
  );
}

function Result({ report }: { report: Import }) {
  if (report.state === "undone")
    return (
      <Notice tone="good" title={`Undone: ${pluralize(report.removed_count, "prompt")} deleted`}>
        {report.archived_count > 0 ? (
          <Stack gap="xs">
            <Text>{pluralize(report.archived_count, "prompt")} in use, and so archived:</Text>
            {(report.report.kept ?? []).map((prompt) => (
              <TextLink key={prompt.id} to="/prompts/$promptId" params={{ promptId: String(prompt.id) }}>
                {prompt.text || `Prompt ${prompt.id}`}
              </TextLink>
            ))}
          </Stack>
        ) : (
          "Nobody had used any of them."
        )}
      </Notice>
    );
  if (report.state === "imported")
    return (
      <Notice tone="good" title={`${pluralize(report.imported_count, "prompt")} imported`}>
        <Group>
          <LinkButton to="/prompts" search={{ prompt_import: report.id }} variant="default">
            See the prompts
          </LinkButton>
          <LinkButton to="/projects" variant="default">
            Put them into a project
          </LinkButton>
        </Group>
      </Notice>
    );
  if (report.state === "refused")
    return (
      <Notice tone="bad" title="Nothing was imported, because of the bad lines">
        Mend the file and upload it again, or keep its good lines now.
      </Notice>
    );
  return null;
}

function Decision({ report }: { report: Import }) {
  const [onError, setOnError] = useState<OnError>("keep_good");
  const confirm = $api.useMutation("post", "/api/v1/prompt-imports/{import_id}/confirm", {
    onSuccess: keep,
  });
  const known = report.duplicate_count + report.prefix_count + report.near_count;
  const hasNothing = hasNothingNew(report);
  return (
    <Section
      title={hasNothing ? "Nothing new" : report.bad_count > 0 ? "What shall happen?" : "Every line is good"}
    >
      <Stack>
        <FieldErrors message={confirm.error ? errorMessage(confirm.error) : ""} />
        {report.bad_count > 0 && !hasNothing && (
          <Radio.Group
            aria-label="Bad lines"
            value={onError}
            onChange={(value) => setOnError(value as OnError)}
          >
            <Stack gap="xs">
              <Radio
                value="keep_good"
                label="Keep the good lines"
                description={`${pluralize(report.good_count, "prompt")} kept, ${pluralize(report.bad_count, "bad line")} left out.`}
              />
              <Radio
                value="nothing"
                label="Import nothing if any line is bad"
                description="The file is refused whole, for you to mend."
              />
            </Stack>
          </Radio.Group>
        )}
        {hasNothing ? (
          <Text>
            {known > 0 && known === report.line_count
              ? `All ${formatNumber(known)} lines are here already: nothing is imported, and there is nothing to do.`
              : "No line of this file would become a prompt: below stands why."}
          </Text>
        ) : (
          <Group>
            <Button
              loading={confirm.isPending}
              onClick={() =>
                confirm.mutate({ params: { path: { import_id: report.id } }, body: { on_error: onError } })
              }
            >
              {onError === "nothing" ? "Refuse the file" : `Import ${pluralize(report.good_count, "prompt")}`}
            </Button>
          </Group>
        )}
      </Stack>
    </Section>
  );
}

const BAD: Column<Bad>[] = [
  { key: "line", header: "Line", align: "right", width: "4rem", render: (row) => row.line },
  { key: "field", header: "Field", render: (row) => row.field || "–" },
  { key: "message", header: "What is wrong", render: (row) => row.message },
  { key: "text", header: "The line", render: (row) => <div className={classes.line}>{row.text}</div> },
];

const GOOD: Column<Good>[] = [
  { key: "line", header: "Line", align: "right", width: "4rem", render: (row) => row.line },
  { key: "text", header: "Prompt", render: (row) => <div className={classes.excerpt}>{row.text}</div> },
  {
    key: "use_case",
    header: "Use case",
    render: (row) => USE_CASE[row.use_case as keyof typeof USE_CASE] ?? row.use_case,
  },
  { key: "submitter", header: "Submitter", render: (row) => submitterLabel(row.submitter) },
  { key: "responses", header: "Responses", align: "right", render: (row) => row.responses },
];

function BadLines({ report }: { report: Import }) {
  const rows = [...report.report.bad];
  return (
    <Section
      title="Bad lines"
      description={
        rows.length < report.bad_count ? `The first ${rows.length}; the download has all.` : undefined
      }
      actions={
        <Button
          component="a"
          variant="default"
          size="compact-md"
          leftSection={<IconDownload size={16} aria-hidden />}
          href={`/api/v1/prompt-imports/${report.id}/errors`}
          download
        >
          All as CSV
        </Button>
      }
    >
      <DataTable
        label="Bad lines"
        columns={BAD}
        rows={rows}
        rowKey={(row) => `${row.line} ${row.field} ${row.message}`}
      />
    </Section>
  );
}
