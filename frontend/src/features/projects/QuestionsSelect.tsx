import { Checkbox, Stack } from "@mantine/core";
import { $api, type Schemas } from "@/api/client";

type Keys = NonNullable<Schemas["CreateProjectRequest"]["questions"]>;
type QuestionsSelectProps = {
  value: Keys | null;
  error?: string | undefined;
  onChange: (keys: Keys) => void;
};

/** What is asked of each response; all of the paper's until somebody takes one away. */
export function QuestionsSelect({ value, error, onChange }: QuestionsSelectProps) {
  const { data } = $api.useQuery("get", "/api/v1/questions", {}, { staleTime: 3_600_000 });
  // The scales belong to the toxicity task, which asks them all.
  const questions = data?.filter(({ kind }) => kind === "yes_no");
  const all = questions?.map(({ key }) => key) ?? [];
  return (
    <Checkbox.Group
      label="Asked of each response"
      description="Beside its overall quality from 1 to 7."
      value={value ?? all}
      error={error}
      onChange={(keys) => onChange(keys as Keys)}
    >
      <Stack gap={6} mt={6}>
        {questions?.map(({ key, label, closed_domain_only }) => (
          <Checkbox
            key={key}
            value={key}
            size="xs"
            label={closed_domain_only ? `${label} (closed-domain prompts only)` : label}
          />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}
