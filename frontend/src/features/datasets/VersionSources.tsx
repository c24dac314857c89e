import { useNavigate } from "@tanstack/react-router";
import { $api, api, invalidate, type Schemas } from "@/api/client";
import classes from "@/features/datasets/Datasets.module.css";
import { ConfirmButton } from "@/ui/ConfirmButton";
import { type Column, DataTable } from "@/ui/DataTable";
import { formatNumber } from "@/ui/format";
import { TextLink } from "@/ui/links";
import { Section } from "@/ui/Page";

type Version = Schemas["DatasetVersion"];
type Sources = Schemas["Sources"];
type Labeler = Sources["labelers"][number];
type Instructions = Sources["instruction_versions"][number];

/** Whose answers a version holds and what they had been told; each can be left out of the next one. */
export function VersionSources({ version }: { version: Version }) {
  const { data } = $api.useQuery("get", "/api/v1/dataset-versions/{version_id}/sources", {
    params: { path: { version_id: version.id } },
  });
  const rebuild = useRebuild(version);
  if (version.dataset.kind === "prompts") return null;
  const labelerColumns: Column<Labeler>[] = [
    {
      key: "name",
      header: "Labeler",
      render: ({ id, name }) => (
        <TextLink to="/people/$userId" params={{ userId: String(id) }} dir="auto">
          {name}
        </TextLink>
      ),
    },
    { key: "pseudonym", header: "In the files", render: ({ pseudonym }) => pseudonym },
    { key: "rows", header: "Answers", align: "right", render: ({ rows }) => formatNumber(rows) },
    {
      key: "rebuild",
      header: "Leave out",
      align: "right",
      render: ({ id, name }) => (
        <Rebuild what={name} version={version} onConfirm={() => rebuild({ without_labeler_id: id })} />
      ),
    },
  ];
  const instructionColumns: Column<Instructions>[] = [
    {
      key: "name",
      header: "Instructions",
      render: ({ project, project_id, number }) => (
        <TextLink
          to="/projects/$projectId"
          params={{ projectId: String(project_id) }}
          search={{ tab: "instructions" }}
          dir="auto"
        >
          {project} v{number}
        </TextLink>
      ),
    },
    { key: "rows", header: "Answers", align: "right", render: ({ rows }) => formatNumber(rows) },
    {
      key: "rebuild",
      header: "Leave out",
      align: "right",
      render: ({ id, project, number }) => (
        <Rebuild
          what={`${project} v${number}`}
          version={version}
          onConfirm={() => rebuild({ without_instruction_version_id: id })}
        />
      ),
    },
  ];
  return (
    <Section
      title="Who is in it"
      description="Leaving somebody out freezes the same filters again, as the next version."
    >
      <div className={classes.sources}>
        <DataTable
          label="Labelers"
          columns={labelerColumns}
          rows={data && [...data.labelers]}
          rowKey={({ id }) => id}
          isLoading={!data}
        />
        <DataTable
          label="Instructions"
          columns={instructionColumns}
          rows={data && [...data.instruction_versions]}
          rowKey={({ id }) => id}
          isLoading={!data}
        />
      </div>
    </Section>
  );
}

function useRebuild(version: Version) {
  const navigate = useNavigate();
  return async (body: Schemas["RebuildVersionRequest"]) => {
    const { data } = await api.POST("/api/v1/dataset-versions/{version_id}/rebuild", {
      params: { path: { version_id: version.id } },
      body,
    });
    await invalidate("/api/v1/datasets", "/api/v1/dataset-versions");
    if (data) await navigate({ to: "/datasets/versions/$versionId", params: { versionId: String(data.id) } });
  };
}

type RebuildProps = { what: string; version: Version; onConfirm: () => Promise<void> };

function Rebuild({ what, version, onConfirm }: RebuildProps) {
  return (
    <ConfirmButton
      size="compact-xs"
      title={`Rebuild without ${what}?`}
      question={`The filters of ${version.dataset.name} v${version.number} are frozen again, over the labels of now, without ${what}. This version stays.`}
      confirmLabel="Rebuild"
      aria-label={`Rebuild without ${what}`}
      onConfirm={onConfirm}
    >
      Rebuild without
    </ConfirmButton>
  );
}
