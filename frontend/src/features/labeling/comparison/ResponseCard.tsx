import { ActionIcon } from "@mantine/core";
import { IconEyeOff, IconGripVertical, IconMarkdown, IconMarkdownOff } from "@tabler/icons-react";
import { type Dispatch, type KeyboardEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { judgmentOf } from "@/features/labeling/comparison/answer";
import { CardStanding } from "@/features/labeling/comparison/CardStanding";
import { RankButtons } from "@/features/labeling/comparison/RankButtons";
import { CardText } from "@/features/labeling/comparison/reading/CardText";
import { useIsUnread } from "@/features/labeling/comparison/reading/ends";
import classes from "@/features/labeling/comparison/reading/Reading.module.css";
import { scrollByKey } from "@/features/labeling/comparison/reading/ScrollBox";
import type { Reading } from "@/features/labeling/comparison/reading/useReading";
import { type Act, focusedId, type State } from "@/features/labeling/comparison/state";
import type { Dragging } from "@/features/labeling/comparison/useDrag";
import type { TaskResponse } from "@/features/labeling/task/types";
import { CopyIcon } from "@/ui/CopyButton";
import { Tooltip } from "@/ui/Tooltip";

type ResponseCardProps = {
  response: TaskResponse;
  state: State;
  act: Dispatch<Act>;
  isPlain: boolean;
  reading: Reading;
  dragging: Dragging;
  /** The response whose text all others are held against, or null. */
  basis: TaskResponse | null;
};

/** A response in full, with its rank where its text is. */
export function ResponseCard(props: ResponseCardProps) {
  const { response, state, act, isPlain, reading, dragging, basis } = props;
  const { t } = useTranslation();
  const { id, letter } = response;
  const { rank } = judgmentOf(state.answer, id);
  const isFocused = focusedId(state) === id;
  const [isOwnPlain, setOwnPlain] = useOwnPlain(isPlain);
  const focus = () => {
    if (!isFocused) act({ type: "focus", index: state.order.indexOf(id) });
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (reading.isTogether && event.target === event.currentTarget) scrollByKey(event);
  };
  const name =
    rank === null
      ? t("Response {{letter}}, not ranked", { letter })
      : t("Response {{letter}}, rank {{rank}}", { letter, rank });
  return (
    <article
      className={classes.card}
      data-response={id}
      data-focused={isFocused || undefined}
      data-dragged={dragging.drag?.id === id || undefined}
      tabIndex={-1}
      aria-label={name}
      onFocus={focus}
      onPointerDown={focus}
      onKeyDown={onKeyDown}
    >
      <header className={classes.cardHeader}>
        <ActionIcon
          {...dragging.handle(id)}
          tabIndex={-1}
          variant="subtle"
          color="gray"
          className={classes.handle}
          aria-label={t("Drag response {{letter}} to a rank", { letter })}
        >
          <IconGripVertical size={18} stroke={1.6} />
        </ActionIcon>
        <h3 className={classes.letter}>{letter}</h3>
        <CardFacts response={response} state={state} basis={basis} />
        <CardTools response={response} isPlain={isOwnPlain} setPlain={setOwnPlain} />
        <RankButtons id={id} state={state} act={act} />
      </header>
      <CardStanding id={id} state={state} />
      <CardText
        response={response}
        isPlain={isOwnPlain}
        isTogether={reading.isTogether}
        isFolding={reading.isFolding}
        isOpen={reading.opened.has(id)}
        setOpen={reading.setOpen}
        basis={basis}
      />
    </article>
  );
}

/** A card's own choice holds until the whole screen's is changed. */
function useOwnPlain(isPlain: boolean) {
  const [own, setOwn] = useState({ screen: isPlain, card: isPlain });
  const value = own.screen === isPlain ? own.card : isPlain;
  return [value, (card: boolean) => setOwn({ screen: isPlain, card })] as const;
}

type CardFactsProps = { response: TaskResponse; state: State; basis: TaskResponse | null };

function CardFacts({ response, state, basis }: CardFactsProps) {
  const { t } = useTranslation();
  const { quality } = judgmentOf(state.answer, response.id);
  const isUnread = useIsUnread(response.id);
  return (
    <span className={classes.facts}>
      <span>{quality === null ? t("not rated") : t("quality {{quality}}", { quality })}</span>
      {basis && (
        <span>
          {basis.id === response.id
            ? t("others are held against this")
            : t("against {{letter}}", { letter: basis.letter })}
        </span>
      )}
      {isUnread && (
        <span className={classes.unread}>
          <IconEyeOff size={13} aria-hidden />
          {t("unread below the fold")}
        </span>
      )}
    </span>
  );
}

type CardToolsProps = { response: TaskResponse; isPlain: boolean; setPlain: (isPlain: boolean) => void };

function CardTools({ response, isPlain, setPlain }: CardToolsProps) {
  const { t } = useTranslation();
  const { letter, text } = response;
  const Icon = isPlain ? IconMarkdown : IconMarkdownOff;
  return (
    <span className={classes.cardTools}>
      <Tooltip label={isPlain ? t("Formatted") : t("Plain text")}>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t("Plain text of {{letter}}", { letter })}
          aria-pressed={isPlain}
          onClick={() => setPlain(!isPlain)}
        >
          <Icon size={17} stroke={1.6} />
        </ActionIcon>
      </Tooltip>
      <CopyIcon value={text} label={t("Copy {{letter}}", { letter })} />
    </span>
  );
}
