import { Anchor, Badge, Select } from "@mantine/core";
import { keepPreviousData } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { $api, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import classes from "@/features/history/HistoryPage.module.css";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatDuration } from "@/ui/format";
import { Page, PageHeader } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";

type Entry = Schemas["History"];

const PAGE_SIZE = 25;

const columns = (t: TFunction): Column<Entry>[] => [
  {
    key: "prompt",
    header: t("Prompt"),
    width: "16rem",
    render: (entry) => (
      <Anchor
        className={classes.prompt}
        renderRoot={(props) => (
          <Link
            to="/history/$assignmentId"
            params={{ assignmentId: String(entry.assignment_id) }}
            {...props}
          />
        )}
      >
        {entry.prompt.text || t("This prompt was erased")}
      </Anchor>
    ),
  },
  { key: "project", header: t("Project"), width: "10rem", render: (entry) => entry.project.name },
  { key: "when", header: t("Answered"), render: (entry) => <RelativeTime at={entry.created_at} /> },
  {
    key: "active",
    header: t("Active time"),
    align: "right",
    render: (entry) => formatDuration(entry.active_seconds),
  },
  {
    key: "edits",
    header: t("Edits"),
    align: "right",
    render: (entry) =>
      entry.edits > 0 ? (
        <Badge color="gray" tt="none">
          {entry.edits}
        </Badge>
      ) : (
        "–"
      ),
  },
];

/** One's own answers, each open to an edit. */
export function HistoryPage() {
  const { t } = useTranslation();
  const [page, setPage] = useState(1);
  const [project, setProject] = useState<string | null>(null);
  const query = { page, page_size: PAGE_SIZE, ...(project ? { project: Number(project) } : {}) };
  const { data, error, isPending } = $api.useQuery(
    "get",
    "/api/v1/history",
    { params: { query } },
    { placeholderData: keepPreviousData },
  );
  const progress = $api.useQuery("get", "/api/v1/progress");
  const projects = progress.data?.projects.map(({ id, name }) => ({ value: String(id), label: name })) ?? [];
  return (
    <Page title={t("History")}>
      <PageHeader
        title={t("History")}
        description={t(
          "Your answers, newest first. An edit is kept as a new revision; the earlier one stays on record.",
        )}
        actions={
          projects.length > 1 && (
            <Select
              aria-label={t("Project")}
              placeholder={t("All projects")}
              clearable
              data={projects}
              value={project}
              onChange={(value) => {
                setProject(value);
                setPage(1);
              }}
            />
          )
        }
      />
      {error && <FieldErrors message={errorMessage(error)} />}
      <DataTable
        label={t("Your answers")}
        columns={columns(t)}
        rows={data?.results}
        rowKey={(entry) => entry.id}
        isLoading={isPending}
        count={data?.count}
        page={page}
        pageSize={PAGE_SIZE}
        onPageChange={setPage}
        empty={<EmptyState title={t("No answers yet")}>{t("What you submit appears here.")}</EmptyState>}
      />
    </Page>
  );
}
