import {
  Button,
  Group,
  Input,
  NumberInput,
  Radio,
  Slider,
  Stack,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { $api, invalidate, type Schemas } from "@/api/client";
import { fieldErrors } from "@/api/errors";
import { MarkdownEditor } from "@/features/projects/MarkdownEditor";
import { PeopleSelect } from "@/features/projects/PeopleSelect";
import classes from "@/features/projects/Projects.module.css";
import { QuestionsSelect } from "@/features/projects/QuestionsSelect";
import { type Sources, SourcesSelect } from "@/features/projects/SourcesSelect";
import { isEvaluation, MAX_OVERLAP, PRIORITY } from "@/features/projects/words";
import { FieldErrors } from "@/ui/FieldErrors";
import { TextLink } from "@/ui/links";
import { Page, PageHeader, Section } from "@/ui/Page";

type Body = Schemas["CreateProjectRequest"];
type Values = Required<Omit<Body, "source_ids" | "baseline_id" | "questions" | "priority_mode">> &
  Sources & {
    /** Null until somebody chooses: then it is what is usual for the kind. */
    questions: NonNullable<Body["questions"]> | null;
    priority_mode: NonNullable<Body["priority_mode"]> | null;
  };

const FIELDS = [
  "name",
  "kind",
  "description",
  "responses_per_task",
  "overlap",
  "priority_mode",
  "questions",
  "lease_minutes",
  "instructions",
  "member_ids",
  "source_ids",
  "baseline_id",
] as const;

const INITIAL: Values = {
  name: "",
  kind: "comparison",
  description: "",
  responses_per_task: 4,
  overlap: 1,
  priority_mode: null,
  questions: null,
  lease_minutes: 15,
  instructions: "",
  member_ids: [],
  source_ids: [],
  baseline_id: null,
};

const KINDS: { value: Values["kind"]; label: string; description?: string }[] = [
  { value: "comparison", label: "Compare: rate K responses, then rank them" },
  { value: "demonstration", label: "Demonstrate: write the ideal answer" },
  {
    value: "evaluation",
    label: "Evaluate: the same, with responses of several models and a baseline among them, blind",
    description: "Gives win rates. What is said here is never trained on.",
  },
  {
    value: "toxicity",
    label: "Evaluate toxicity: four scales, then rank",
    description:
      "Of the prompt: toxicity 0 to 2. Of each response: toxicity 0 to 2, relative to the prompt −1 to 1, continuity 1 to 7.",
  },
];

/** Sends what the kind has, and leaves out what nobody chose. */
function toBody(values: Values): Body {
  const { questions, priority_mode, responses_per_task, source_ids, baseline_id, ...rest } = values;
  if (rest.kind === "demonstration") return rest;
  return {
    ...rest,
    ...(priority_mode && { priority_mode }),
    ...(questions && rest.kind !== "toxicity" && { questions }),
    ...(isEvaluation(rest.kind)
      ? { source_ids, ...(baseline_id !== null && { baseline_id }) }
      : { responses_per_task }),
  };
}

export function NewProjectPage() {
  const navigate = useNavigate();
  const { kind = INITIAL.kind, checkpoint } = useSearch({ from: "/members/projects/new" });
  const form = useForm<Values>({ initialValues: { ...INITIAL, kind } });
  const create = $api.useMutation("post", "/api/v1/projects", {
    onSuccess: async (project) => {
      await invalidate("/api/v1/projects");
      await navigate({
        to: "/projects/$projectId",
        params: { projectId: String(project.id) },
        search: { tab: "tasks" },
      });
    },
  });
  const errors = fieldErrors(create.error, FIELDS);
  const { values } = form;
  const evaluates = isEvaluation(values.kind);
  const usualPriority = evaluates ? "truthful_harmless_first" : "helpful_first";
  return (
    <Page title="New project">
      <PageHeader title="New project" description={<TextLink to="/projects">Projects</TextLink>} />
      <form onSubmit={form.onSubmit((all) => create.mutate({ body: toBody(all) }))}>
        <Stack gap="lg">
          <FieldErrors message={errors[""]} />
          <div className={classes.form}>
            <Section title="What it is">
              <Stack>
                <TextInput
                  label="Name"
                  description={evaluates ? "Labelers read it: name none of the models." : undefined}
                  required
                  maxLength={120}
                  {...form.getInputProps("name")}
                  error={errors.name}
                />
                <Radio.Group label="Labelers will" {...form.getInputProps("kind")} error={errors.kind}>
                  <Stack gap="xs" mt={6}>
                    {KINDS.map((choice) => (
                      <Radio key={choice.value} {...choice} />
                    ))}
                  </Stack>
                </Radio.Group>
                <Textarea
                  label="Description"
                  description="A sentence that labelers see in their list."
                  autosize
                  {...form.getInputProps("description")}
                  error={errors.description}
                />
                <PeopleSelect
                  label="Members"
                  value={values.member_ids}
                  error={errors.member_ids}
                  onChange={(ids) => form.setFieldValue("member_ids", ids)}
                />
              </Stack>
            </Section>
            <Section title="How it is done">
              <Stack>
                {evaluates && (
                  <SourcesSelect
                    value={values}
                    checkpointId={checkpoint}
                    errors={errors}
                    onChange={(sources) => form.setValues(sources)}
                  />
                )}
                {values.kind === "comparison" && (
                  <Input.Wrapper
                    label={`Responses per task: K = ${values.responses_per_task}`}
                    description="The paper: 4 to 9. Every pair of one ranking is learned from: K = 4 gives 6, K = 9 gives 36."
                    error={errors.responses_per_task}
                  >
                    <Slider
                      mt="xs"
                      mb="lg"
                      min={4}
                      max={9}
                      thumbLabel="Responses per task"
                      marks={[4, 5, 6, 7, 8, 9].map((value) => ({ value, label: value }))}
                      value={values.responses_per_task}
                      onChange={(value) => form.setFieldValue("responses_per_task", value)}
                    />
                  </Input.Wrapper>
                )}
                <Group grow align="flex-start">
                  <NumberInput
                    label="Labelers per task"
                    description="Two or more show how far people agree."
                    min={1}
                    max={MAX_OVERLAP}
                    {...form.getInputProps("overlap")}
                    error={errors.overlap}
                  />
                  <NumberInput
                    label="Lease"
                    description="A task goes to others after so long without a sign."
                    suffix=" min"
                    min={1}
                    max={1440}
                    {...form.getInputProps("lease_minutes")}
                    error={errors.lease_minutes}
                  />
                </Group>
                {values.kind !== "demonstration" && (
                  <>
                    <Radio.Group
                      label="What counts most"
                      value={values.priority_mode ?? usualPriority}
                      onChange={(mode) =>
                        form.setFieldValue("priority_mode", mode as Values["priority_mode"])
                      }
                      error={errors.priority_mode}
                    >
                      <Stack gap="xs" mt={6}>
                        {Object.entries(PRIORITY).map(([value, { label, help }]) => (
                          <Radio key={value} value={value} label={label} description={help} />
                        ))}
                      </Stack>
                    </Radio.Group>
                    {values.kind !== "toxicity" && (
                      <QuestionsSelect
                        value={values.questions}
                        error={errors.questions}
                        onChange={(keys) => form.setFieldValue("questions", keys)}
                      />
                    )}
                  </>
                )}
              </Stack>
            </Section>
          </div>
          <Section>
            <MarkdownEditor
              label="Instructions"
              description="Markdown. Each answer is stamped with the version that its labeler had."
              value={values.instructions}
              error={errors.instructions}
              onChange={(text) => form.setFieldValue("instructions", text)}
            />
          </Section>
          <Group>
            <Button type="submit" loading={create.isPending}>
              Create the project
            </Button>
            <Text size="sm" c="dimmed">
              Next: give it tasks.
            </Text>
          </Group>
        </Stack>
      </form>
    </Page>
  );
}
