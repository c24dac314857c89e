import { Button, Group, NumberInput, Radio, Stack, Switch, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { $api, invalidate, type Schemas } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { MAX_OVERLAP, PRIORITY } from "@/features/projects/words";
import { FieldErrors } from "@/ui/FieldErrors";
import { Section } from "@/ui/Page";
import { toast } from "@/ui/toasts";

const FIELDS = ["name", "description", "overlap", "lease_minutes", "priority_mode"] as const;

export function SettingsTab({ project }: { project: Schemas["Project"] }) {
  const form = useForm({
    initialValues: {
      name: project.name,
      description: project.description,
      overlap: project.overlap,
      lease_minutes: project.lease_minutes,
      priority_mode: project.priority_mode,
      show_agreement: project.show_agreement,
    },
  });
  const save = $api.useMutation("patch", "/api/v1/projects/{project_id}", {
    onSuccess: async () => {
      form.resetDirty();
      await invalidate(
        "/api/v1/projects",
        "/api/v1/projects/{project_id}",
        "/api/v1/projects/{project_id}/tasks",
      );
      toast({ message: "Saved." });
    },
  });
  const errors = fieldErrors(save.error, FIELDS);
  return (
    <Section title="Settings">
      <form
        onSubmit={form.onSubmit((body) =>
          save.mutate({ params: { path: { project_id: project.id } }, body }),
        )}
      >
        <Stack maw="40rem">
          <FieldErrors message={errors[""]} />
          <TextInput
            label="Name"
            required
            maxLength={120}
            {...form.getInputProps("name")}
            error={errors.name}
          />
          <Textarea
            label="Description"
            autosize
            {...form.getInputProps("description")}
            error={errors.description}
          />
          <Group grow align="flex-start">
            <NumberInput
              label="Labelers per task"
              description="It only grows: answers that were given stay."
              min={project.overlap}
              max={MAX_OVERLAP}
              {...form.getInputProps("overlap")}
              error={errors.overlap}
            />
            <NumberInput
              label="Lease"
              description="After so long without a sign a task goes to others."
              suffix=" min"
              min={1}
              max={1440}
              {...form.getInputProps("lease_minutes")}
              error={errors.lease_minutes}
            />
          </Group>
          {project.kind !== "demonstration" && (
            <Radio.Group
              label="What counts most"
              {...form.getInputProps("priority_mode")}
              error={errors.priority_mode}
            >
              <Stack gap="xs" mt={6}>
                {Object.entries(PRIORITY).map(([value, { label, help }]) => (
                  <Radio key={value} value={value} label={label} description={help} />
                ))}
              </Stack>
            </Radio.Group>
          )}
          {project.kind !== "demonstration" && (
            <Switch
              label="Labelers see how often they agree with researchers"
              description="Over the tasks that are marked for calibration under Tasks and that a researcher has ranked too, from five on."
              {...form.getInputProps("show_agreement", { type: "checkbox" })}
            />
          )}
          <Group>
            <Button type="submit" disabled={!form.isDirty()} loading={save.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
