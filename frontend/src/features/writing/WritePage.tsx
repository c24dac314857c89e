import { Button, SegmentedControl, Text } from "@mantine/core";
import { keepPreviousData } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { $api, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { archiveWritten } from "@/features/writing/archiving";
import { Drafts } from "@/features/writing/Drafts";
import { KINDS, USE_CASES } from "@/features/writing/texts";
import classes from "@/features/writing/Writing.module.css";
import { type Column, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatNumber } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { Page, PageHeader, Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { StatusBadge } from "@/ui/StatusBadge";

type Row = Schemas["WrittenRow"];

/** What one has written, what one is writing, and the three ways to begin. */
export function WritePage() {
  const { t } = useTranslation();
  const { data: writing } = $api.useQuery("get", "/api/v1/writing");
  return (
    <Page title={t("Write prompts")}>
      <PageHeader
        title={t("Write prompts")}
        description={
          writing &&
          t("{{written}} of the {{cap}} prompts that one person may have.", {
            written: formatNumber(writing.prompt_count),
            cap: formatNumber(writing.prompt_cap),
          })
        }
      />
      <div className={classes.kinds}>
        {KINDS.map(({ value, label, explained }) => (
          <Link key={value} to="/write/new" search={{ kind: value }} className={classes.kind}>
            <span className={classes.kindName}>{t(label)}</span>
            <span className={classes.dimmed}>{t(explained)}</span>
          </Link>
        ))}
      </div>
      {writing && <Drafts drafts={writing.drafts} />}
      <OwnPrompts />
    </Page>
  );
}

function OwnPrompts() {
  const { t } = useTranslation();
  const [archived, setArchived] = useState(false);
  const [page, setPage] = useState(1);
  const { data, error, isPending } = $api.useQuery(
    "get",
    "/api/v1/written-prompts",
    { params: { query: { archived, page } } },
    { placeholderData: keepPreviousData },
  );
  return (
    <Section
      title={t("Your prompts")}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t("Which ones")}
          value={archived ? "archived" : "current"}
          onChange={(value) => {
            setArchived(value === "archived");
            setPage(1);
          }}
          data={[
            { value: "current", label: t("Current") },
            { value: "archived", label: t("Archived") },
          ]}
        />
      }
    >
      {error && <FieldErrors message={errorMessage(error)} />}
      <DataTable
        label={t("Your prompts")}
        columns={useColumns()}
        rows={data?.results}
        rowKey={(row) => row.id}
        isLoading={isPending}
        count={data?.count}
        page={page}
        onPageChange={setPage}
        empty={
          <EmptyState title={archived ? t("Nothing is archived") : t("No prompts yet")} headingLevel={3}>
            {archived ? t("What you archive is kept here.") : t("What you add appears here.")}
          </EmptyState>
        }
      />
    </Section>
  );
}

function useColumns(): Column<Row>[] {
  const { t } = useTranslation();
  return [
    {
      key: "text",
      header: t("Prompt"),
      width: "16rem",
      render: (row) => (
        <TextLink
          to="/write/$writtenId"
          params={{ writtenId: String(row.id) }}
          className={classes.excerpt}
          dir="auto"
        >
          {row.text}
        </TextLink>
      ),
    },
    {
      key: "kind",
      header: t("Kind"),
      render: (row) => (
        <>
          {t(KINDS.find(({ value }) => value === row.kind)?.label ?? row.kind)}
          <Text size="xs" c="dimmed">
            {t(USE_CASES.find(({ value }) => value === row.use_case)?.label ?? row.use_case)}
          </Text>
        </>
      ),
    },
    { key: "count", header: t("Prompts"), align: "right", render: (row) => formatNumber(row.prompt_count) },
    { key: "written", header: t("Written"), render: (row) => <RelativeTime at={row.created_at} /> },
    {
      key: "state",
      header: t("State"),
      render: (row) =>
        row.is_used ? (
          <StatusBadge tone="good">{t("in use")}</StatusBadge>
        ) : (
          <StatusBadge tone="quiet">{t("not used yet")}</StatusBadge>
        ),
    },
    {
      key: "acts",
      header: "",
      align: "right",
      render: (row) => (
        <Button
          size="compact-sm"
          variant="subtle"
          color="gray"
          onClick={() => void archiveWritten(row.id, !row.is_archived)}
        >
          {row.is_archived ? t("Bring back") : t("Archive")}
        </Button>
      ),
    },
  ];
}
