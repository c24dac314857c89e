import { useDraggable } from "@dnd-kit/core";
import { ActionIcon, UnstyledButton } from "@mantine/core";
import { IconGripVertical } from "@tabler/icons-react";
import { type Dispatch, memo } from "react";
import { judgmentOf } from "@/features/labeling/comparison/answer";
import classes from "@/features/labeling/comparison/Comparison.module.css";
import { type Act, focusedId, type State } from "@/features/labeling/comparison/state";
import type { TaskResponse } from "@/features/labeling/task/types";
import { Markdown } from "@/ui/Markdown";

type ResponseCardProps = { response: TaskResponse; state: State; act: Dispatch<Act>; isPlain: boolean };

/** A response in full, with its rank where its text is. */
export function ResponseCard({ response, state, act, isPlain }: ResponseCardProps) {
  const { id, letter, text } = response;
  const { rank, quality } = judgmentOf(state.answer, id);
  const isFocused = focusedId(state) === id;
  const { setNodeRef, listeners, isDragging } = useDraggable({ id: `card-${id}`, data: { id } });
  const focus = () => {
    if (!isFocused) act({ type: "focus", index: state.order.indexOf(id) });
  };
  return (
    <article
      className={classes.card}
      data-response={id}
      data-focused={isFocused || undefined}
      data-dragged={isDragging || undefined}
      tabIndex={-1}
      aria-label={`Response ${letter}, ${rank === null ? "not ranked" : `rank ${rank}`}`}
      onFocus={focus}
      onPointerDown={focus}
    >
      <header className={classes.cardHeader}>
        <ActionIcon
          ref={setNodeRef}
          {...listeners}
          variant="subtle"
          color="gray"
          className={classes.handle}
          aria-label={`Drag response ${letter} to a rank`}
        >
          <IconGripVertical size={18} stroke={1.6} />
        </ActionIcon>
        <h3 className={classes.letter}>{letter}</h3>
        <span className={classes.cardQuality}>{quality === null ? "not rated" : `quality ${quality}`}</span>
        <fieldset className={classes.ranks} aria-label={`Rank of ${letter}`}>
          {ranksFor(state.order.length).map((value) => (
            <UnstyledButton
              key={value}
              className={classes.rank}
              aria-pressed={rank === value}
              aria-label={`Rank ${value}${value === 1 ? ", best" : ""}`}
              onClick={() => act({ type: "place", id, rank: rank === value ? null : value })}
            >
              {value}
            </UnstyledButton>
          ))}
        </fieldset>
      </header>
      <Text text={text} isPlain={isPlain} />
    </article>
  );
}

function ranksFor(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** Parsed once: ranking must not wait for nine texts of Markdown at every key. */
const Text = memo(function Text({ text, isPlain }: { text: string; isPlain: boolean }) {
  return (
    <div className={classes.cardText}>
      <Markdown text={text} isPlain={isPlain} />
    </div>
  );
});
