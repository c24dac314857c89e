import { Checkbox, NumberInput, SimpleGrid, Stack, Textarea, TextInput } from "@mantine/core";
import { Section } from "@/ui/Page";

/** What the form holds; numbers are as typed. */
export type Options = {
  cap_per_submitter: number | string;
  prefix_characters: number | string;
  near_percent: number | string;
  columns: Record<string, string>;
  is_chat_log: boolean;
  consent_note: string;
  title: string;
};

export const DEFAULT_OPTIONS: Options = {
  cap_per_submitter: 200,
  prefix_characters: 100,
  near_percent: 80,
  columns: {},
  is_chat_log: false,
  consent_note: "",
  title: "",
};

/** The options as the server reads them. */
export function optionsBody(options: Options) {
  const columns = Object.fromEntries(Object.entries(options.columns).filter(([, column]) => column.trim()));
  return {
    cap_per_submitter: Number(options.cap_per_submitter),
    prefix_characters: Number(options.prefix_characters),
    near_similarity: Number(options.near_percent) / 100,
    columns,
    is_chat_log: options.is_chat_log,
    consent_note: options.consent_note,
    title: options.title.trim(),
  };
}

const COLUMNS = [
  ["prompt", "Prompt"],
  ["messages", "Messages"],
  ["submitter", "Submitter"],
  ["language", "Language"],
] as const;

type Props = {
  options: Options;
  onChange: (options: Options) => void;
  errors: Partial<Record<string, string>>;
};

export function ImportOptions({ options, onChange, errors }: Props) {
  const set = (change: Partial<Options>) => onChange({ ...options, ...change });
  return (
    <Section title="What is kept" description="Each prompt that is left out is listed with the reason.">
      <Stack>
        <TextInput
          label="Name of the import"
          description="It and the responses that it brings are called so; else as the file."
          maxLength={160}
          value={options.title}
          error={errors.title}
          onChange={(event) => set({ title: event.currentTarget.value })}
        />
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <NumberInput
            label="Prompts per submitter, at most"
            description="The paper: about 200."
            min={1}
            max={1_000_000}
            value={options.cap_per_submitter}
            error={errors.cap_per_submitter}
            onChange={(cap_per_submitter) => set({ cap_per_submitter })}
          />
          <NumberInput
            label="Same beginning"
            description="Of so many characters: a duplicate. 0 is off."
            min={0}
            max={8000}
            value={options.prefix_characters}
            error={errors.prefix_characters}
            onChange={(prefix_characters) => set({ prefix_characters })}
          />
          <NumberInput
            label="Nearly the same"
            description="From this share of word triples on. 0 is off."
            min={0}
            max={100}
            suffix=" %"
            value={options.near_percent}
            error={errors.near_similarity}
            onChange={(near_percent) => set({ near_percent })}
          />
        </SimpleGrid>
        <SimpleGrid cols={{ base: 1, xs: 2, sm: 4 }}>
          {COLUMNS.map(([field, label]) => (
            <TextInput
              key={field}
              label={`${label} column`}
              placeholder={field}
              value={options.columns[field] ?? ""}
              onChange={(event) =>
                set({ columns: { ...options.columns, [field]: event.currentTarget.value } })
              }
              error={field === "prompt" ? errors.columns : undefined}
            />
          ))}
        </SimpleGrid>
        <Checkbox
          label="It is a log of an OpenAI-compatible API"
          description="A request a line, maybe with its response. What people said is kept where their consent is recorded."
          checked={options.is_chat_log}
          onChange={(event) => set({ is_chat_log: event.currentTarget.checked })}
        />
        {options.is_chat_log && (
          <Textarea
            label="Why its lines need no record of consent"
            description="Leave it empty, and lines without one are left out."
            autosize
            minRows={1}
            value={options.consent_note}
            error={errors.consent_note}
            onChange={(event) => set({ consent_note: event.currentTarget.value })}
          />
        )}
      </Stack>
    </Section>
  );
}
