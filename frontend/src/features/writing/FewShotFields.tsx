import { ActionIcon, Button, SegmentedControl, Textarea } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import {
  type Content,
  emptyPair,
  MAX_LENGTH,
  MAX_PAIRS,
  MIN_PAIRS,
  type Pair,
} from "@/features/writing/content";
import classes from "@/features/writing/Writing.module.css";
import { Conversation } from "@/ui/Conversation";

type FewShotFieldsProps = {
  content: Content;
  change: (change: Partial<Content>) => void;
  error: (field: string) => string | undefined;
};

export function FewShotFields({ content, change, error }: FewShotFieldsProps) {
  const { t } = useTranslation();
  const { instruction, pairs } = content;
  const [added, setAdded] = useState<Pair["id"] | null>(null);
  const add = () => {
    const pair = emptyPair(pairs);
    change({ pairs: [...pairs, pair] });
    setAdded(pair.id);
  };
  return (
    <>
      <Textarea
        label={t("Instruction")}
        description={t("What to do with each query.")}
        data-field="instruction"
        dir="auto"
        maxLength={MAX_LENGTH}
        value={instruction}
        error={error("instruction")}
        classNames={{ input: classes.grows ?? "" }}
        onChange={(event) => change({ instruction: event.currentTarget.value })}
      />
      <section aria-labelledby="pairs-title">
        <h2 id="pairs-title" className={classes.asideTitle}>
          {t("Pairs")}
        </h2>
        <ol className={classes.pairs}>
          {pairs.map((pair, number) => (
            <PairFields
              key={pair.id}
              pair={pair}
              number={number}
              pairs={pairs}
              isAdded={pair.id === added}
              error={error}
              onChange={(changed) => change({ pairs: changed })}
            />
          ))}
        </ol>
        <Button
          mt="sm"
          variant="default"
          leftSection={<IconPlus size={16} aria-hidden />}
          disabled={pairs.length >= MAX_PAIRS}
          onClick={add}
        >
          {t("Add a pair")}
        </Button>
      </section>
      <Examples instruction={instruction} pairs={pairs} />
    </>
  );
}

type PairFieldsProps = {
  pair: Pair;
  number: number;
  pairs: Pair[];
  /** Just now, by its button: it is written next. */
  isAdded: boolean;
  error: (field: string) => string | undefined;
  onChange: (pairs: Pair[]) => void;
};

function PairFields({ pair, number, pairs, isAdded, error, onChange }: PairFieldsProps) {
  const { t } = useTranslation();
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isAdded) item.current?.querySelector("textarea")?.focus();
  }, [isAdded]);
  const set = (part: Partial<Pair>) =>
    onChange(pairs.map((one) => (one === pair ? { ...one, ...part } : one)));
  const move = (to: number) => {
    const others = pairs.filter((one) => one !== pair);
    onChange([...others.slice(0, to), pair, ...others.slice(to)]);
  };
  const name = t("Pair {{number}}", { number: number + 1 });
  return (
    <li ref={item} className={classes.pair}>
      <div className={classes.pairHead}>
        <h3 className={classes.pairTitle}>{name}</h3>
        <Tool label={t("Move {{name}} up", { name })} isOff={number === 0} onClick={() => move(number - 1)}>
          <IconArrowUp size={16} />
        </Tool>
        <Tool
          label={t("Move {{name}} down", { name })}
          isOff={number === pairs.length - 1}
          onClick={() => move(number + 1)}
        >
          <IconArrowDown size={16} />
        </Tool>
        <Tool
          label={t("Remove {{name}}", { name })}
          isOff={pairs.length <= MIN_PAIRS}
          onClick={() => onChange(pairs.filter((one) => one !== pair))}
        >
          <IconTrash size={16} />
        </Tool>
      </div>
      <div className={classes.pairFields}>
        <PairField
          label={t("Query")}
          field={`pairs.${number}.query`}
          value={pair.query}
          error={error}
          onChange={(query) => set({ query })}
        />
        <PairField
          label={t("Response")}
          field={`pairs.${number}.response`}
          value={pair.response}
          error={error}
          onChange={(response) => set({ response })}
        />
      </div>
    </li>
  );
}

type PairFieldProps = {
  label: string;
  field: string;
  value: string;
  error: (field: string) => string | undefined;
  onChange: (value: string) => void;
};

function PairField({ label, field, value, error, onChange }: PairFieldProps) {
  return (
    <Textarea
      label={label}
      data-field={field}
      dir="auto"
      maxLength={MAX_LENGTH}
      value={value}
      error={error(field)}
      classNames={{ input: classes.grows ?? "" }}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

type ToolProps = { label: string; isOff: boolean; onClick: () => void; children: React.ReactNode };

function Tool({ label, isOff, onClick, children }: ToolProps) {
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={label}
      title={label}
      disabled={isOff}
      onClick={onClick}
    >
      {children}
    </ActionIcon>
  );
}

/** What labelers will see: each pair once as the question, with the others before it. */
function Examples({ instruction, pairs }: { instruction: string; pairs: Pair[] }) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState(0);
  const asked = Math.min(chosen, pairs.length - 1);
  const messages = [
    { role: "system", content: instruction },
    ...pairs.flatMap(({ query, response }, number) =>
      number === asked
        ? []
        : [
            { role: "user", content: query },
            { role: "assistant", content: response },
          ],
    ),
    { role: "user", content: pairs[asked]?.query ?? "" },
  ];
  return (
    <section aria-labelledby="examples-title">
      <h2 id="examples-title" className={classes.asideTitle}>
        {t("It becomes {{count}} prompts", { count: pairs.length })}
      </h2>
      <SegmentedControl
        mb="xs"
        size="xs"
        aria-labelledby="examples-title"
        data={pairs.map((_, number) => ({ value: String(number), label: String(number + 1) }))}
        value={String(asked)}
        onChange={(value) => setChosen(Number(value))}
      />
      <div className={classes.shown} dir="auto">
        <Conversation messages={messages} isFewShot />
      </div>
    </section>
  );
}
