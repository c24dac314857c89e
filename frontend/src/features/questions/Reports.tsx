import { Text } from "@mantine/core";
import { keepPreviousData } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { $api, type Schemas } from "@/api/client";
import classes from "@/features/questions/QuestionsPage.module.css";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { msg } from "@/ui/language";
import { Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { StatusBadge, type Tone } from "@/ui/StatusBadge";

type Report = Schemas["Report"];

const PAGE_SIZE = 25;

const REASON: Record<Report["reason"], string> = {
  unclear: msg("Unclear or wrong"),
  outside_knowledge: msg("Outside my knowledge"),
  unsafe: msg("Unsafe or upsetting"),
  personal_data: msg("Personal data"),
  language: msg("A language I do not read well"),
  broken: msg("Something is broken"),
  other: msg("Something else"),
};

const OUTCOME: Record<Exclude<Report["action"], "">, { text: string; tone: Tone }> = {
  answer: { text: msg("Answered"), tone: "good" },
  correct: { text: msg("Corrected"), tone: "good" },
  replace: { text: msg("Replaced by a corrected prompt"), tone: "good" },
  withdraw: { text: msg("Task withdrawn"), tone: "good" },
  dismiss: { text: msg("Nothing to change"), tone: "quiet" },
};

/** What was skipped and flagged, and what became of it. */
export function Reports() {
  const { t } = useTranslation();
  const [page, setPage] = useState(1);
  const { data, isPending } = $api.useQuery(
    "get",
    "/api/v1/reports",
    { params: { query: { page, page_size: PAGE_SIZE } } },
    { placeholderData: keepPreviousData },
  );
  return (
    <Section title={t("Skipped and flagged")}>
      <DataTable
        label={t("Skipped and flagged")}
        columns={columns(t)}
        rows={data?.results}
        rowKey={(report) => `${report.kind}${report.id}`}
        isLoading={isPending}
        count={data?.count ?? 0}
        page={page}
        pageSize={PAGE_SIZE}
        onPageChange={setPage}
        empty={
          <EmptyState title={t("Nothing skipped or flagged")}>
            {t("S skips a task, F flags something in it for a researcher.")}
          </EmptyState>
        }
      />
    </Section>
  );
}

function columns(t: TFunction): Column<Report>[] {
  return [
    {
      key: "prompt",
      header: t("Prompt"),
      width: "16rem",
      render: (report) => (
        <span className={classes.prompt} dir="auto">
          {report.prompt_text || t("This prompt was erased")}
        </span>
      ),
    },
    { key: "project", header: t("Project"), width: "10rem", render: (report) => report.project_name },
    {
      key: "what",
      header: t("What you did"),
      width: "14rem",
      render: (report) => (
        <>
          {report.kind === "flag" ? t("Flagged") : t("Skipped")}: {t(REASON[report.reason])}
          {report.note && (
            <Text size="xs" c="dimmed" dir="auto">
              {report.note}
            </Text>
          )}
        </>
      ),
    },
    { key: "when", header: t("When"), render: (report) => <RelativeTime at={report.created_at} /> },
    { key: "outcome", header: t("What became of it"), render: (report) => <Outcome report={report} /> },
  ];
}

function Outcome({ report }: { report: Report }) {
  const { t } = useTranslation();
  if (!report.action) return <StatusBadge tone="quiet">{t("Not looked at yet")}</StatusBadge>;
  const { text, tone } = OUTCOME[report.action];
  return (
    <>
      <StatusBadge tone={tone}>
        {t(text)}
        {report.returned_at && ` · ${t("yours again")}`}
      </StatusBadge>
      {report.outcome && (
        <Text size="xs" c="dimmed" dir="auto">
          {report.outcome}
        </Text>
      )}
    </>
  );
}
