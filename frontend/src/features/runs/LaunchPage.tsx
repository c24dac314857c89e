import { SegmentedControl, Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { $api } from "@/api/client";
import { RUN_KIND } from "@/api/labels";
import { LaunchForm } from "@/features/runs/LaunchForm";
import classes from "@/features/runs/LaunchPage.module.css";
import { initialValues, presetFor, valuesOfRun, withPreset } from "@/features/runs/launchForm";
import { Page, PageHeader } from "@/ui/Page";

/** One form for every kind of run, made from what the server says of the kind. */
export function LaunchPage() {
  const search = useSearch({ from: "/members/runs/new" });
  const navigate = useNavigate({ from: "/runs/new" });
  const { data: kinds } = $api.useSuspenseQuery("get", "/api/v1/run-kinds");
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
  const wanted = again.data?.kind ?? search.kind ?? "sft";
  const kind = kinds.find((one) => one.kind === wanted) ?? kinds[0];
  if (!kind) return null;
  const isWaiting =
    (search.again !== undefined && again.isPending) || (search.model !== undefined && preset.isPending);
  const start = () => {
    const values = initialValues(kind, "paper");
    if (again.data) return valuesOfRun(kind, again.data);
    if (search.model === undefined || !("model" in values.inputs)) return values;
    const chosen = { ...values, inputs: { ...values.inputs, model: String(search.model) } };
    return withPreset(kind, chosen, preset.data ?? "paper");
  };
  return (
    <Page title="Launch a run">
      <PageHeader
        title="Launch a run"
        description="Defaults are the paper's (Ouyang et al. 2022). Each setting says what it does and where its value is from."
      />
      <div className={classes.kinds}>
        <SegmentedControl
          aria-label="Kind of run"
          value={kind.kind}
          onChange={(next) => void navigate({ search: { kind: next as typeof kind.kind } })}
          data={kinds.map((one) => ({ value: one.kind, label: RUN_KIND[one.kind] }))}
        />
      </div>
      <Text c="dimmed">{kind.description}</Text>
      {isWaiting ? (
        <Skeleton height={320} />
      ) : (
        <LaunchForm key={`${kind.kind} ${again.data?.id ?? ""}`} kind={kind} start={start()} />
      )}
    </Page>
  );
}
