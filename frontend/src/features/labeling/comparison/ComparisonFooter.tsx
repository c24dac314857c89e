import { ActionIcon, Button, Group, Tooltip, VisuallyHidden } from "@mantine/core";
import { IconArrowBackUp, IconArrowForwardUp } from "@tabler/icons-react";
import type { Dispatch } from "react";
import { bands, contradictions, isComplete, readBack, unrated } from "@/features/labeling/comparison/answer";
import classes from "@/features/labeling/comparison/Comparison.module.css";
import { type Act, firstMissing, type State } from "@/features/labeling/comparison/state";
import { SubmitButton } from "@/features/labeling/task/SubmitButton";
import taskClasses from "@/features/labeling/task/Task.module.css";
import type { WorkMode } from "@/features/labeling/task/types";
import type { Work } from "@/features/labeling/task/useWork";
import { Key } from "@/ui/Key";

type ComparisonFooterProps = {
  state: State;
  act: Dispatch<Act>;
  submit: () => void;
  sending: Work["sending"];
  mode: WorkMode;
};

export function ComparisonFooter({ state, act, submit, sending, mode }: ComparisonFooterProps) {
  return (
    <>
      <Group gap="xs" wrap="nowrap" className={taskClasses.footerText}>
        <HistoryButtons state={state} act={act} />
        {state.view.stage === "rate" ? <RatedSoFar state={state} /> : <Order state={state} />}
      </Group>
      <div className={taskClasses.footerActions}>
        <Missing state={state} />
        {state.view.stage === "rate" ? (
          <NextStep state={state} act={act} />
        ) : (
          <SubmitButton
            isReady={isComplete(state.answer, state.order)}
            sending={sending}
            mode={mode}
            onSubmit={submit}
          />
        )}
      </div>
    </>
  );
}

/** For the eyes: a screen reader hears the same as an announcement. */
function Missing({ state }: { state: State }) {
  const missing = state.isAsked ? firstMissing(state) : null;
  if (!missing) return null;
  const isRating = missing.stage === "rate" && state.view.stage === "rate";
  return (
    <span className={taskClasses.missing} data-testid="missing" aria-hidden>
      Not submitted: {missing.said}
      {isRating && " Rate it here, then go back to the ranking."}
    </span>
  );
}

function HistoryButtons({ state, act }: { state: State; act: Dispatch<Act> }) {
  return (
    <Group gap={2} wrap="nowrap">
      <Tooltip label="Undo (U)">
        <ActionIcon
          variant="subtle"
          color="gray"
          className={taskClasses.tool}
          aria-label="Undo"
          aria-keyshortcuts="u"
          disabled={!state.past.length}
          onClick={() => act({ type: "undo" })}
        >
          <IconArrowBackUp size={18} stroke={1.6} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Redo (R)">
        <ActionIcon
          variant="subtle"
          color="gray"
          className={taskClasses.tool}
          aria-label="Redo"
          aria-keyshortcuts="r"
          disabled={!state.future.length}
          onClick={() => act({ type: "redo" })}
        >
          <IconArrowForwardUp size={18} stroke={1.6} />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}

function RatedSoFar({ state }: { state: State }) {
  const missing = unrated(state.answer, state.order).length;
  return (
    <span>
      {state.order.length - missing} of {state.order.length} rated
    </span>
  );
}

function NextStep({ state, act }: { state: State; act: Dispatch<Act> }) {
  const { focus } = state.view;
  const isLast = focus === state.order.length - 1;
  const next = state.order[focus + 1];
  if (isLast || !unrated(state.answer, state.order).length) {
    return (
      <Button
        rightSection={<Key name="G" />}
        aria-keyshortcuts="g"
        onClick={() => act({ type: "stage", stage: "rank" })}
      >
        Rank all
      </Button>
    );
  }
  return (
    <Button
      rightSection={<Key name="J" />}
      aria-keyshortcuts="j"
      onClick={() => act({ type: "move", by: 1 })}
    >
      Next: {next !== undefined && state.letters[next]}
    </Button>
  );
}

/** The order as it will be submitted, shown and spoken, with what looks like a slip. */
function Order({ state }: { state: State }) {
  const { answer, order, letters } = state;
  const missing = order.length - bands(answer, order).flat().length;
  const [slip] = contradictions(answer, order);
  return (
    <span className={classes.order}>
      <VisuallyHidden role="status">{missing === 0 ? `Your order: ${spoken(state)}.` : ""}</VisuallyHidden>
      <output className={classes.readBack} aria-hidden>
        {readBack(answer, order, letters) || "No ranks yet"}
      </output>
      {missing > 0 && <span>{missing} to rank</span>}
      {missing === 0 && unrated(answer, order).length > 0 && (
        <span className={classes.slip}>
          {unrated(answer, order)
            .map((id) => letters[id])
            .join(", ")}{" "}
          not rated yet
        </span>
      )}
      {slip && (
        <span className={classes.slip}>
          {letters[slip.better]} is ranked above {letters[slip.worse]} but rated lower
        </span>
      )}
    </span>
  );
}

function spoken({ answer, order, letters }: State): string {
  return bands(answer, order)
    .map((band) => band.map((id) => letters[id]).join(" tied with "))
    .join(", then ");
}
