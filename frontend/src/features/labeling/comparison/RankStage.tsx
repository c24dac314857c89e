import { Textarea } from "@mantine/core";
import { type Dispatch, useDeferredValue } from "react";
import { useTranslation } from "react-i18next";
import { inOrder } from "@/features/labeling/comparison/proposal";
import { RankStrip, TRAY } from "@/features/labeling/comparison/RankStrip";
import classes from "@/features/labeling/comparison/Ranks.module.css";
import { ResponseCard } from "@/features/labeling/comparison/ResponseCard";
import { CardGrid } from "@/features/labeling/comparison/reading/CardGrid";
import { ReadingTools } from "@/features/labeling/comparison/reading/ReadingTools";
import { type Act, focusedId, type State } from "@/features/labeling/comparison/state";
import type { Board } from "@/features/labeling/comparison/useComparisonKeys";
import { useDrag } from "@/features/labeling/comparison/useDrag";
import type { Assignment } from "@/features/labeling/task/types";
import type { TaskPanels } from "@/features/labeling/task/useTaskPanels";

type RankStageProps = {
  assignment: Assignment;
  state: State;
  act: Dispatch<Act>;
  panels: TaskPanels;
  board: Board;
};

/**
 * All responses beside each other with their full text, and the bands above them. The cards stay where they were dealt, so
 * that eyes and scroll position keep their place while ranks change; "by rank" shows them in order.
 */
export function RankStage({ assignment, state, act, panels, board }: RankStageProps) {
  const { t } = useTranslation();
  const dragging = useDrag((id, band) =>
    act({ type: "place", id, rank: band === TRAY ? null : Number(band) }),
  );
  const shown = board.isByRank ? inOrder(state.answer, state.order) : state.order;
  // The focus moves at once; texts of differences follow when there is time.
  const basisId = useDeferredValue(board.reading.isDiffing ? focusedId(state) : null);
  const basis = assignment.responses.find(({ id }) => id === basisId) ?? null;
  return (
    <>
      <RankStrip state={state} act={act} dragging={dragging} />
      <ReadingTools state={state} panels={panels} board={board} />
      <CardGrid reading={board.reading} count={shown.length}>
        {shown.map((id) => {
          const response = assignment.responses.find((candidate) => candidate.id === id);
          return (
            response && (
              <ResponseCard
                key={id}
                response={response}
                state={state}
                act={act}
                isPlain={panels.isPlain}
                reading={board.reading}
                dragging={dragging}
                basis={basis}
              />
            )
          );
        })}
      </CardGrid>
      <Textarea
        mt="md"
        maw="46rem"
        label={t("Notes on the whole task")}
        placeholder={t("Optional")}
        data-notes
        maxLength={10_000}
        autosize
        minRows={2}
        maxRows={8}
        value={state.answer.notes}
        onChange={(event) => act({ type: "comment", text: event.currentTarget.value })}
      />
      {dragging.drag && (
        <span
          ref={dragging.flying}
          className={classes.flying}
          style={{ left: dragging.drag.x, top: dragging.drag.y }}
          aria-hidden
        >
          {state.letters[dragging.drag.id]}
        </span>
      )}
    </>
  );
}
