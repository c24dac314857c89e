import { Button, Group, Select, Stack, TagsInput, Text, Textarea } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { $api, type Schemas } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { options, USE_CASE } from "@/api/labels";
import { FieldErrors } from "@/ui/FieldErrors";
import { LanguageSelect } from "@/ui/LanguageSelect";
import { toast } from "@/ui/toasts";

type Prompt = Schemas["Prompt"];
type Known = Pick<Prompt, "use_case" | "language" | "tags" | "deployment_context">;

/** What was changed on the form, so that nothing is undone that somebody else changed meanwhile. */
function changesOf(shown: Known, { tags, ...said }: Known): Schemas["PatchedUpdatePromptRequest"] {
  return {
    ...Object.fromEntries(
      Object.entries(said).filter(([name, value]) => value !== shown[name as keyof typeof said]),
    ),
    add_tags: tags.filter((tag) => !shown.tags.includes(tag)),
    remove_tags: shown.tags.filter((tag) => !tags.includes(tag)),
  };
}

type PromptFormProps = { prompt: Prompt; onSaved: (changed: Prompt) => Promise<unknown> };

/** What is known of a prompt beside its text. */
export function PromptForm({ prompt, onSaved }: PromptFormProps) {
  const { data: facets } = $api.useQuery("get", "/api/v1/prompts/facets");
  // Not the prompt as it is by now: what came since is not on the form, so its author did not take it off.
  const [shown, setShown] = useState<Known>(() => ({
    use_case: prompt.use_case,
    language: prompt.language,
    tags: prompt.tags,
    deployment_context: prompt.deployment_context,
  }));
  const form = useForm({ initialValues: shown });
  const save = $api.useMutation("patch", "/api/v1/prompts/{prompt_id}", {
    onSuccess: async (changed) => {
      await onSaved(changed);
      form.resetDirty();
      toast({ message: "Saved." });
    },
  });
  const errors = fieldErrors(save.error, ["use_case", "language", "add_tags", "deployment_context"]);
  return (
    <form
      onSubmit={form.onSubmit((said) =>
        save.mutate(
          { params: { path: { prompt_id: prompt.id } }, body: changesOf(shown, said) },
          { onSuccess: () => setShown(said) },
        ),
      )}
    >
      <Stack gap="sm">
        <FieldErrors message={errors[""]} />
        <Group grow align="flex-start">
          <Select
            label="Use case"
            data={options(USE_CASE)}
            allowDeselect={false}
            {...form.getInputProps("use_case")}
            error={errors.use_case}
          />
          <LanguageSelect
            label="Language"
            placeholder="Not said"
            nothingFoundMessage="No language of that name. Its code works too, such as pt-BR."
            value={form.getValues().language}
            onChange={(language) => form.setFieldValue("language", language)}
            error={errors.language}
          />
        </Group>
        <TagsInput
          label="Tags"
          description="Enter ends a tag."
          maxLength={40}
          maxTags={50}
          acceptValueOnBlur
          data={facets?.tag.map(({ value }) => value) ?? []}
          {...form.getInputProps("tags")}
          error={errors.add_tags}
        />
        <Textarea
          label="Deployment context"
          description="Where the model would be asked this; labelers see it."
          autosize
          minRows={2}
          {...form.getInputProps("deployment_context")}
          error={errors.deployment_context}
        />
        <Group>
          <Button type="submit" variant="default" disabled={!form.isDirty()} loading={save.isPending}>
            Save
          </Button>
          {prompt.is_closed_domain && (
            <Text size="sm" c="dimmed">
              Closed domain: labelers are asked about hallucination.
            </Text>
          )}
        </Group>
      </Stack>
    </form>
  );
}
