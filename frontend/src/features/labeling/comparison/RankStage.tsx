import {
  DndContext,
  type DragEndEvent,
  DragOverlay,
  type DragStartEvent,
  MouseSensor,
  pointerWithin,
  rectIntersection,
  TouchSensor,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import { Textarea } from "@mantine/core";
import { type Dispatch, useDeferredValue, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ResponseId } from "@/features/labeling/comparison/answer";
import { inOrder } from "@/features/labeling/comparison/proposal";
import { RankStrip, TRAY } from "@/features/labeling/comparison/RankStrip";
import classes from "@/features/labeling/comparison/Ranks.module.css";
import { ResponseCard } from "@/features/labeling/comparison/ResponseCard";
import { CardGrid } from "@/features/labeling/comparison/reading/CardGrid";
import { ReadingTools } from "@/features/labeling/comparison/reading/ReadingTools";
import { type Act, focusedId, type State } from "@/features/labeling/comparison/state";
import type { Board } from "@/features/labeling/comparison/useComparisonKeys";
import type { Assignment } from "@/features/labeling/task/types";
import type { TaskPanels } from "@/features/labeling/task/useTaskPanels";

/** The screen announces ranks itself; the library would read out internal names. */
const SILENT = {
  onDragStart: () => undefined,
  onDragOver: () => undefined,
  onDragEnd: () => undefined,
  onDragCancel: () => undefined,
};

/** The band under the pointer as it is let go: after a quick move the library's own is that of the last render. */
function useReleasedBand() {
  const released = useRef<string | null>(null);
  useEffect(() => {
    const note = ({ clientX, clientY }: PointerEvent) => {
      const under = document.elementsFromPoint(clientX, clientY);
      const band = under.find((element) => element.matches("[data-band]"));
      released.current = band?.getAttribute("data-band") ?? null;
    };
    const forget = () => {
      released.current = null;
    };
    window.addEventListener("pointerdown", forget, true);
    window.addEventListener("pointerup", note, true);
    return () => {
      window.removeEventListener("pointerdown", forget, true);
      window.removeEventListener("pointerup", note, true);
    };
  }, []);
  return released;
}

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
  const [dragged, setDragged] = useState<ResponseId | null>(null);
  // Only handles start a drag, and on a touch screen only where the finger is meant: scrolling never reorders.
  const sensors = useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 4 } }),
    useSensor(TouchSensor, { activationConstraint: { distance: 6 } }),
  );
  const released = useReleasedBand();
  const drop = ({ active, over }: DragEndEvent) => {
    setDragged(null);
    const band = released.current ?? over?.id;
    if (band === undefined) return;
    act({ type: "place", id: Number(active.data.current?.id), rank: band === TRAY ? null : Number(band) });
  };
  const shown = board.isByRank ? inOrder(state.answer, state.order) : state.order;
  // The focus moves at once; texts of differences follow when there is time.
  const basisId = useDeferredValue(board.reading.isDiffing ? focusedId(state) : null);
  const basis = assignment.responses.find(({ id }) => id === basisId) ?? null;
  return (
    <DndContext
      sensors={sensors}
      collisionDetection={(args) => {
        const under = pointerWithin(args);
        return under.length ? under : rectIntersection(args);
      }}
      autoScroll={{ threshold: { x: 0, y: 0.1 } }}
      onDragStart={({ active }: DragStartEvent) => setDragged(Number(active.data.current?.id))}
      onDragEnd={drop}
      onDragCancel={() => setDragged(null)}
      accessibility={{ announcements: SILENT }}
    >
      <RankStrip state={state} act={act} isDragging={dragged !== null} />
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
      <DragOverlay dropAnimation={null}>
        {dragged !== null && <span className={classes.flying}>{state.letters[dragged]}</span>}
      </DragOverlay>
    </DndContext>
  );
}
