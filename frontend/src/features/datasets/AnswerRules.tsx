import { ActionIcon, Button, Group, Select } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { $api } from "@/api/client";
import classes from "@/features/datasets/Datasets.module.css";
import { RESPONSES_OF_RULE, type Rule } from "@/features/datasets/query";

const YES_NO = [
  { value: "yes", label: "yes" },
  { value: "no", label: "no" },
];

/** What has to be so of the answers to the questions, a line a rule; a missing answer is neither yes nor no. */
export function AnswerRules({
  rules,
  onChange,
}: {
  rules: readonly Rule[];
  onChange: (rules: Rule[]) => void;
}) {
  const { data: questions } = $api.useQuery("get", "/api/v1/questions");
  const choices = questions?.filter(({ kind }) => kind === "yes_no") ?? [];
  const change = (index: number, part: Partial<Rule>) =>
    onChange(rules.map((rule, at) => (at === index ? { ...rule, ...part } : rule)));
  return (
    <fieldset className={classes.rules}>
      <legend>Answers to questions</legend>
      {rules.map((rule, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a rule is its place; two may be equal
        <div key={index} className={classes.rule}>
          <Select
            aria-label="Of which responses"
            data={RESPONSES_OF_RULE}
            allowDeselect={false}
            value={rule.responses}
            onChange={(responses) => change(index, { responses: responses as Rule["responses"] })}
          />
          <Select
            aria-label="Question"
            className={classes.question}
            data={choices.map(({ key, label }) => ({ value: key, label }))}
            allowDeselect={false}
            value={rule.question}
            onChange={(question) => change(index, { question: question as Rule["question"] })}
          />
          <Select
            aria-label="Answer"
            data={YES_NO}
            allowDeselect={false}
            value={rule.answer ? "yes" : "no"}
            onChange={(answer) => change(index, { answer: answer === "yes" })}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Remove rule ${index + 1}`}
            onClick={() => onChange(rules.filter((_, at) => at !== index))}
          >
            <IconX size={16} aria-hidden />
          </ActionIcon>
        </div>
      ))}
      <Group mt={6}>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() =>
            onChange([...rules, { question: "fails_instruction", answer: true, responses: "no" }])
          }
        >
          Add a rule
        </Button>
      </Group>
    </fieldset>
  );
}
