import { Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useParams } from "@tanstack/react-router";
import { $api, api, invalidate, type Schemas } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { CHECKPOINT_KIND, metricLabel } from "@/api/labels";
import { rowId } from "@/api/rowId";
import { hasRole, useMe } from "@/api/session";
import classes from "@/features/checkpoints/Checkpoints.module.css";
import { Lineage } from "@/features/checkpoints/Lineage";
import { SampleInto } from "@/features/checkpoints/SampleInto";
import { ActButton } from "@/ui/ActButton";
import { ConfirmButton } from "@/ui/ConfirmButton";
import { formatValue } from "@/ui/chartSeries";
import { Facts } from "@/ui/Facts";
import { FieldErrors } from "@/ui/FieldErrors";
import { formatBytes } from "@/ui/format";
import { LinkButton, TextLink } from "@/ui/links";
import { Page, PageHeader, Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { toast } from "@/ui/toasts";

type Checkpoint = Schemas["Checkpoint"];

function refresh(): Promise<unknown> {
  return invalidate("/api/v1/checkpoints", "/api/v1/checkpoints/{checkpoint_id}");
}

async function archive(checkpoint: Checkpoint, archived: boolean): Promise<void> {
  await api.PATCH("/api/v1/checkpoints/{checkpoint_id}", {
    params: { path: { checkpoint_id: checkpoint.id } },
    body: { archived },
  });
  await refresh();
}

export function CheckpointPage() {
  const id = rowId(useParams({ from: "/members/checkpoints/$checkpointId" }).checkpointId);
  const { data: checkpoint } = $api.useSuspenseQuery("get", "/api/v1/checkpoints/{checkpoint_id}", {
    params: { path: { checkpoint_id: id } },
  });
  const isAdmin = hasRole(useMe(), "admin");
  const canSample = checkpoint.kind !== "reward_model" && !checkpoint.archived_at;
  return (
    <Page title={checkpoint.name}>
      <PageHeader
        title={checkpoint.name}
        description={
          <>
            <TextLink to="/checkpoints">Checkpoints</TextLink> · {CHECKPOINT_KIND[checkpoint.kind]} · made{" "}
            <RelativeTime at={checkpoint.created_at} />
            {checkpoint.archived_at && " · archived"}
          </>
        }
        actions={
          <>
            {canSample && (
              <LinkButton
                to="/projects/new"
                search={{ kind: "evaluation", checkpoint: id }}
                variant="default"
              >
                Evaluate against a baseline
              </LinkButton>
            )}
            {isAdmin && (
              <>
                {canSample && <SampleInto checkpoint={checkpoint} />}
                {canSample && (
                  <LinkButton to="/runs/new" search={{ kind: "sft", model: id }} variant="default">
                    Train from this
                  </LinkButton>
                )}
                {checkpoint.archived_at ? (
                  <ActButton onAct={() => archive(checkpoint, false)}>Bring back</ActButton>
                ) : (
                  <ConfirmButton
                    title={`Archive “${checkpoint.name}”?`}
                    question="It is offered for no new run. Its files and its lineage stay."
                    confirmLabel="Archive"
                    onConfirm={() => archive(checkpoint, true)}
                  >
                    Archive
                  </ConfirmButton>
                )}
              </>
            )}
          </>
        }
      />
      <Lineage checkpointId={id} />
      <div className={classes.columns}>
        <Metrics checkpoint={checkpoint} />
        <Section title="About it">
          <Stack>
            <Facts
              facts={[
                { label: "Location", value: checkpoint.location },
                {
                  label: "Size",
                  value: checkpoint.size_bytes ? formatBytes(checkpoint.size_bytes) : "on the hub",
                },
                {
                  label: "sha256",
                  value: checkpoint.sha256 && <span className={classes.hash}>{checkpoint.sha256}</span>,
                },
              ]}
            />
            {isAdmin ? (
              <Description key={id} checkpoint={checkpoint} />
            ) : (
              <Text>{checkpoint.description}</Text>
            )}
          </Stack>
        </Section>
      </div>
    </Page>
  );
}

function Metrics({ checkpoint }: { checkpoint: Checkpoint }) {
  // A run's remarks stand on its own page.
  const facts = Object.entries(checkpoint.metrics)
    .filter(([, value]) => !Array.isArray(value))
    .map(([name, value]) => ({
      label: metricLabel(name),
      value: typeof value === "number" ? formatValue(value) : String(value ?? "–"),
    }));
  return (
    <Section title="Metrics" description="As they stood when its run ended.">
      {facts.length ? <Facts facts={facts} /> : <Text c="dimmed">A registered model brings none.</Text>}
    </Section>
  );
}

function Description({ checkpoint }: { checkpoint: Checkpoint }) {
  const form = useForm({ initialValues: { description: checkpoint.description ?? "" } });
  const save = $api.useMutation("patch", "/api/v1/checkpoints/{checkpoint_id}", {
    onSuccess: async () => {
      form.resetDirty();
      await refresh();
      toast({ message: "Saved." });
    },
  });
  const errors = fieldErrors(save.error, ["description"]);
  return (
    <form
      onSubmit={form.onSubmit((body) =>
        save.mutate({ params: { path: { checkpoint_id: checkpoint.id } }, body }),
      )}
    >
      <FieldErrors message={errors[""]} />
      <Textarea
        label="Description"
        autosize
        minRows={2}
        {...form.getInputProps("description")}
        error={errors.description}
      />
      <Group mt="sm">
        <Button type="submit" variant="default" disabled={!form.isDirty()} loading={save.isPending}>
          Save
        </Button>
      </Group>
    </form>
  );
}
