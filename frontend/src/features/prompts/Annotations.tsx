import { SegmentedControl, Stack, Text } from "@mantine/core";
import { $api, type Schemas } from "@/api/client";
import { errorMessage } from "@/api/errors";
import { spaced } from "@/api/labels";
import classes from "@/features/prompts/Annotations.module.css";
import { FieldErrors } from "@/ui/FieldErrors";

type Prompt = Schemas["Prompt"];

/** The paper's eleven (appendix B.3). */
const NAMES = [
  "ambiguous",
  "sensitive_content",
  "identity_dependent",
  "closed_domain",
  "continuation_style",
  "requests_opinionated_content",
  "requests_advice",
  "requests_moral_judgment",
  "contains_explicit_safety_constraints",
  "contains_other_explicit_constraints",
  "intent_unclear",
];

/** Yes, no, or nothing said; each choice is saved at once. */
export function Annotations({ prompt, onChange }: { prompt: Prompt; onChange: (prompt: Prompt) => unknown }) {
  const save = $api.useMutation("patch", "/api/v1/prompts/{prompt_id}", { onSuccess: onChange });
  const set = (name: string, value: string) => {
    const change_annotations = { [name]: value === "unset" ? null : value === "yes" };
    save.mutate({ params: { path: { prompt_id: prompt.id } }, body: { change_annotations } });
  };
  return (
    <Stack gap={6}>
      {save.error && <FieldErrors message={errorMessage(save.error)} />}
      {NAMES.map((name) => {
        const value = prompt.annotations[name];
        return (
          <div key={name} className={classes.row}>
            <Text size="sm" id={`annotation-${name}`}>
              {spaced(name)}
            </Text>
            <SegmentedControl
              size="xs"
              aria-labelledby={`annotation-${name}`}
              value={value === undefined ? "unset" : value ? "yes" : "no"}
              onChange={(next) => set(name, next)}
              data={[
                { value: "yes", label: "Yes" },
                { value: "no", label: "No" },
                { value: "unset", label: "Unset" },
              ]}
            />
          </div>
        );
      })}
    </Stack>
  );
}
