import { SegmentedControl, Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { $api } from "@/api/client";
import { RUN_KIND } from "@/api/labels";
import { LaunchForm } from "@/features/runs/LaunchForm";
import classes from "@/features/runs/LaunchPage.module.css";
import { initialValues, valuesOfRun, withVersion } from "@/features/runs/launchForm";
import { presetFor, standardPreset } from "@/features/runs/presets";
import { Page, PageHeader } from "@/ui/Page";

/** One form for every kind of run, made from what the server says of the kind. */
export function LaunchPage() {
  const search = useSearch({ from: "/members/runs/new" });
  const navigate = useNavigate({ from: "/runs/new" });
  const { data: kinds } = $api.useSuspenseQuery("get", "/api/v1/run-kinds");
  const { data: bases } = $api.useSuspenseQuery("get", "/api/v1/checkpoints", {
    params: { query: { kind: ["base"], page_size: 2 } },
  });
  const again = $api.useQuery(
    "get",
    "/api/v1/runs/{run_id}",
    { params: { path: { run_id: search.again ?? 0 } } },
    { enabled: search.again !== undefined },
  );
  const preset = useQuery({
    queryKey: ["preset", search.model],
    queryFn: () => presetFor(String(search.model)),
    enabled: search.model !== undefined,
  });
  const version = $api.useQuery(
    "get",
    "/api/v1/dataset-versions/{version_id}",
    { params: { path: { version_id: search.version ?? 0 } } },
    { enabled: search.version !== undefined },
  );
  const wanted = again.data?.kind ?? search.kind ?? "sft";
  const kind = kinds.find((one) => one.kind === wanted) ?? kinds[0];
  if (!kind) return null;
  // A query that is off waits, too, but fetches nothing.
  const isWaiting = again.isLoading || preset.isLoading || version.isLoading;
  const standard = standardPreset(bases.results);
  const start = () => {
    if (again.data) return valuesOfRun(kind, again.data);
    const { model } = search;
    const values = initialValues(kind, model === undefined ? standard : (preset.data ?? "paper"));
    if (model !== undefined) values.inputs.model = String(model);
    return version.data ? withVersion(kind, values, version.data) : values;
  };
  return (
    <Page title="Launch a run">
      <PageHeader
        title="Launch a run"
        description="Settings begin as the paper's (Ouyang et al. 2022), or small, for the built-in model. Each says what it does and where its value is from."
      />
      <div className={classes.kinds}>
        <SegmentedControl
          aria-label="Kind of run"
          value={kind.kind}
          onChange={(next) =>
            void navigate({ search: (now) => ({ ...now, again: undefined, kind: next as typeof kind.kind }) })
          }
          data={kinds.map((one) => ({ value: one.kind, label: RUN_KIND[one.kind] }))}
        />
      </div>
      <Text c="dimmed">{kind.description}</Text>
      {isWaiting ? (
        <Skeleton height={320} />
      ) : (
        <LaunchForm
          key={[kind.kind, again.data?.id, search.model, search.version].join(" ")}
          kind={kind}
          start={start()}
          standard={standard}
        />
      )}
    </Page>
  );
}
