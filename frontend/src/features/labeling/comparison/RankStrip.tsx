import { useDraggable, useDroppable } from "@dnd-kit/core";
import { UnstyledButton } from "@mantine/core";
import type { Dispatch, ReactNode } from "react";
import { judgmentOf, type ResponseId, unranked } from "@/features/labeling/comparison/answer";
import classes from "@/features/labeling/comparison/Comparison.module.css";
import { type Act, focusedId, type State } from "@/features/labeling/comparison/state";

export const TRAY = "tray";

type RankStripProps = { state: State; act: Dispatch<Act>; isDragging: boolean };

/** The bands, always in sight: drop a letter into one, or press a band's head to put the focused response there. */
export function RankStrip({ state, act, isDragging }: RankStripProps) {
  const waiting = unranked(state.answer, state.order);
  return (
    <section className={classes.strip} aria-label="Ranks" data-dragging={isDragging || undefined}>
      <Band id={TRAY} className={classes.tray} head={<span className={classes.bandHead}>To be ranked</span>}>
        {waiting.map((id) => (
          <Chip key={id} id={id} state={state} act={act} />
        ))}
        {!waiting.length && <span className={classes.none}>none</span>}
      </Band>
      <div className={classes.bands}>
        {state.order.map((_, index) => {
          const rank = index + 1;
          const inside = state.order.filter((id) => judgmentOf(state.answer, id).rank === rank);
          const focused = focusedId(state);
          return (
            <Band
              key={rank}
              id={String(rank)}
              head={
                <UnstyledButton
                  className={classes.bandHead}
                  aria-label={`Rank ${rank}${rank === 1 ? " (best)" : ""}: put ${state.letters[focused]} here`}
                  onClick={() => act({ type: "place", id: focused, rank, moveOn: true })}
                >
                  <span className={classes.bandWord}>Rank </span>
                  {rank}
                  {rank === 1 && <span className={classes.bandWord}> (best)</span>}
                </UnstyledButton>
              }
            >
              {inside.map((id) => (
                <Chip key={id} id={id} state={state} act={act} />
              ))}
            </Band>
          );
        })}
      </div>
    </section>
  );
}

type BandProps = { id: string; className?: string; head: ReactNode; children: ReactNode };

function Band({ id, className = "", head, children }: BandProps) {
  const { setNodeRef, isOver } = useDroppable({ id });
  return (
    <div
      ref={setNodeRef}
      className={`${classes.band} ${className}`}
      data-over={isOver || undefined}
      data-band={id}
    >
      {head}
      <div className={classes.chips}>{children}</div>
    </div>
  );
}

/** A response's letter: pressed it goes to the response, dragged it changes the rank. */
function Chip({ id, state, act }: { id: ResponseId; state: State; act: Dispatch<Act> }) {
  const { setNodeRef, listeners, isDragging } = useDraggable({ id: `chip-${id}`, data: { id } });
  const letter = state.letters[id];
  const show = () => {
    act({ type: "focus", index: state.order.indexOf(id) });
    document.querySelector(`[data-response="${id}"]`)?.scrollIntoView({ block: "nearest" });
  };
  return (
    <UnstyledButton
      ref={setNodeRef}
      {...listeners}
      className={classes.chip}
      data-focused={focusedId(state) === id || undefined}
      data-dragged={isDragging || undefined}
      aria-label={`Go to response ${letter}`}
      onClick={show}
    >
      {letter}
    </UnstyledButton>
  );
}
