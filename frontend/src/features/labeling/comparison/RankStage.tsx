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
import { Button, SegmentedControl, Text, Textarea } from "@mantine/core";
import { type Dispatch, useEffect, useRef, useState } from "react";
import { bands, type ResponseId, unranked } from "@/features/labeling/comparison/answer";
import classes from "@/features/labeling/comparison/Comparison.module.css";
import { RankStrip, TRAY } from "@/features/labeling/comparison/RankStrip";
import { ResponseCard } from "@/features/labeling/comparison/ResponseCard";
import { type Act, focusedId, type State } from "@/features/labeling/comparison/state";
import type { Board } from "@/features/labeling/comparison/useComparisonKeys";
import type { Columns } from "@/features/labeling/task/preferences";
import type { Assignment } from "@/features/labeling/task/types";
import type { TaskPanels } from "@/features/labeling/task/useTaskPanels";
import { Key } from "@/ui/Key";

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
  const shown = board.isByRank
    ? [...bands(state.answer, state.order).flat(), ...unranked(state.answer, state.order)]
    : state.order;
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
      <div className={classes.boardTools}>
        <Text size="sm" c="dimmed">
          <span className={classes.keyHint}>
            A digit places {state.letters[focusedId(state)]} and moves on to the next unranked one.{" "}
          </span>
          Give the same rank to responses of like quality: ties are welcome.
        </Text>
        <Button
          variant={board.isByRank ? "light" : "subtle"}
          color="gray"
          size="compact-sm"
          aria-pressed={board.isByRank}
          rightSection={<Key name="O" />}
          onClick={() => board.setByRank(!board.isByRank)}
        >
          By rank
        </Button>
        <Button
          variant={panels.isPlain ? "light" : "subtle"}
          color="gray"
          size="compact-sm"
          aria-pressed={panels.isPlain}
          rightSection={<Key name="M" />}
          onClick={panels.togglePlain}
        >
          Plain text
        </Button>
        <SegmentedControl
          className={classes.columnsControl}
          size="xs"
          aria-label="Columns"
          data={["1", "2", "3", "4"]}
          value={String(board.columns)}
          onChange={(value) => board.setColumns(Number(value) as Columns)}
        />
      </div>
      <div className={classes.cards} data-columns={board.columns}>
        {shown.map((id) => {
          const response = assignment.responses.find((candidate) => candidate.id === id);
          return (
            response && (
              <ResponseCard key={id} response={response} state={state} act={act} isPlain={panels.isPlain} />
            )
          );
        })}
      </div>
      <Textarea
        mt="md"
        maw="46rem"
        label="Notes on the whole task"
        placeholder="Optional"
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
