import { Button, Group, Radio, Stack, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { $api, invalidate, queryClient, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { submitterLabel, USE_CASE } from "@/api/labels";
import { rowId } from "@/api/rowId";
import { IMPORT_STATE } from "@/features/prompts/importState";
import classes from "@/features/prompts/Prompts.module.css";
import { type Column, DataTable } from "@/ui/DataTable";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatNumber, pluralize } from "@/ui/format";
import { LinkButton, TextLink } from "@/ui/links";
import { Notice } from "@/ui/Notice";
import { Page, PageHeader, Section } from "@/ui/Page";
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
  const { label, tone } = IMPORT_STATE[report.state];
  return (
    <Page title={report.file_name}>
      <PageHeader
        title={report.file_name}
        description={
          <Group gap="sm">
            <StatusBadge tone={tone}>{label}</StatusBadge>
            <TextLink to="/prompts/import">Import another file</TextLink>
          </Group>
        }
      />
      <StatGroup>
        <Stat label="Lines" value={formatNumber(report.line_count)} />
        <Stat
          label="New prompts"
          value={formatNumber(report.good_count)}
          hint={report.response_count ? `with ${pluralize(report.response_count, "response")}` : undefined}
        />
        <Stat label="Known already" value={formatNumber(report.duplicate_count)} />
        <Stat
          label="Over the cap"
          value={formatNumber(report.over_cap_count)}
          hint={`${formatNumber(report.cap_per_submitter ?? 0)} per submitter`}
        />
        <Stat label="Bad lines" value={formatNumber(report.bad_count)} />
      </StatGroup>
      <Result report={report} />
      {report.state !== "imported" && <Decision report={report} />}
      {report.bad_count > 0 && <BadLines report={report} />}
      {report.report.good.length > 0 && (
        <Section title="The first good lines" description="As they would be kept.">
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

function Result({ report }: { report: Import }) {
  if (report.state === "imported")
    return (
      <Notice tone="good" title={`${pluralize(report.imported_count, "prompt")} imported`}>
        <Group>
          <LinkButton to="/prompts" variant="default">
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
    onSuccess: async (changed) => {
      queryClient.setQueryData(
        ["get", "/api/v1/prompt-imports/{import_id}", { params: { path: { import_id: report.id } } }],
        changed,
      );
      await invalidate("/api/v1/prompt-imports", "/api/v1/prompts", "/api/v1/prompts/facets");
    },
  });
  const hasNothing = !report.good_count && !report.response_count;
  return (
    <Section title={report.bad_count > 0 ? "What shall happen?" : "Every line is good"}>
      <Stack>
        <FieldErrors message={confirm.error ? errorMessage(confirm.error) : ""} />
        {report.bad_count > 0 && (
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
          <Text c="dimmed">There is nothing new in this file.</Text>
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
