import { ActionIcon, Button, Group, VisuallyHidden } from "@mantine/core";
import { IconAlertTriangle, IconArrowBackUp, IconArrowForwardUp } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import type { Dispatch } from "react";
import { useTranslation } from "react-i18next";
import {
  bands,
  contradictions,
  isComplete,
  readBack,
  unranked,
  unrated,
} from "@/features/labeling/comparison/answer";
import { proposal } from "@/features/labeling/comparison/proposal";
import classes from "@/features/labeling/comparison/Ranks.module.css";
import { contradiction } from "@/features/labeling/comparison/ranking";
import { type Act, firstMissing, type State } from "@/features/labeling/comparison/state";
import { sentences, translated } from "@/features/labeling/message";
import { SubmitButton } from "@/features/labeling/task/SubmitButton";
import taskClasses from "@/features/labeling/task/Task.module.css";
import type { WorkMode } from "@/features/labeling/task/types";
import type { Work } from "@/features/labeling/task/useWork";
import { Key } from "@/ui/Key";
import { Tooltip } from "@/ui/Tooltip";

type ComparisonFooterProps = {
  state: State;
  act: Dispatch<Act>;
  submit: () => void;
  sending: Work["sending"];
  mode: WorkMode;
};

export function ComparisonFooter({ state, act, submit, sending, mode }: ComparisonFooterProps) {
  const isReady = isComplete(state.answer, state.order, state.form);
  return (
    <>
      <Group gap="xs" wrap="nowrap" className={taskClasses.footerText}>
        <HistoryButtons state={state} act={act} />
        {state.view.stage === "rate" ? <RatedSoFar state={state} /> : <Order state={state} />}
      </Group>
      <div className={taskClasses.footerActions}>
        <Remark state={state} />
        {state.view.stage === "rate" ? (
          <NextStep state={state} act={act} />
        ) : (
          <>
            <TakeProposal state={state} act={act} />
            <SubmitButton isReady={isReady} sending={sending} mode={mode} onSubmit={submit} />
          </>
        )}
      </div>
    </>
  );
}

/** Why the last act did nothing. For the eyes: a screen reader hears the same as an announcement. */
function Remark({ state }: { state: State }) {
  const { t } = useTranslation();
  if (state.hint)
    return (
      <span className={taskClasses.missing} data-testid="hint" aria-hidden>
        {sentences(t, [state.hint])}
      </span>
    );
  const missing = state.isAsked ? firstMissing(state) : null;
  if (!missing) return null;
  const isRating = missing.stage === "rate" && state.view.stage === "rate";
  return (
    <span className={taskClasses.missing} data-testid="missing" aria-hidden>
      {t("Not submitted: {{reason}}", { reason: translated(t, missing.said) })}
      {isRating && ` ${t("Rate it here, then go back to the ranking.")}`}
    </span>
  );
}

/** The next thing to do while something is proposed, so it stands out and Submit does not. */
function TakeProposal({ state, act }: { state: State; act: Dispatch<Act> }) {
  const { t } = useTranslation();
  if (!proposal(state.answer, state.order).ranks.size) return null;
  return (
    <Button rightSection={<Key name="A" />} aria-keyshortcuts="a" onClick={() => act({ type: "accept" })}>
      {t("Take the order of the ratings")}
    </Button>
  );
}

function HistoryButtons({ state, act }: { state: State; act: Dispatch<Act> }) {
  const { t } = useTranslation();
  return (
    <Group gap={2} wrap="nowrap">
      <Tooltip label={t("Undo (U)")}>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t("Undo")}
          aria-keyshortcuts="u"
          disabled={!state.past.length}
          onClick={() => act({ type: "undo" })}
        >
          <IconArrowBackUp size={18} stroke={1.6} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={t("Redo (R)")}>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t("Redo")}
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
  const { t } = useTranslation();
  const total = state.order.length;
  const rated = total - unrated(state.answer, state.order, state.form).length;
  return <span>{t("{{rated}} of {{total}} rated", { rated, total })}</span>;
}

function NextStep({ state, act }: { state: State; act: Dispatch<Act> }) {
  const { t } = useTranslation();
  const { focus } = state.view;
  const isLast = focus === state.order.length - 1;
  const next = state.order[focus + 1];
  if (isLast || next === undefined || !unrated(state.answer, state.order, state.form).length) {
    return (
      <Button
        rightSection={<Key name="G" />}
        aria-keyshortcuts="g"
        onClick={() => act({ type: "stage", stage: "rank" })}
      >
        {t("Rank all")}
      </Button>
    );
  }
  return (
    <Button
      rightSection={<Key name="J" />}
      aria-keyshortcuts="j"
      onClick={() => act({ type: "move", by: 1 })}
    >
      {t("Next: {{letter}}", { letter: state.letters[next] })}
    </Button>
  );
}

/** The order as it will be submitted, shown and spoken, with what looks like a slip. */
function Order({ state }: { state: State }) {
  const { t } = useTranslation();
  const { answer, order, letters } = state;
  const missing = unranked(answer, order).length;
  const isProposed = proposal(answer, order).ranks.size > 0;
  const notRated = unrated(answer, order, state.form).map((id) => letters[id]);
  return (
    <span className={classes.order}>
      <VisuallyHidden role="status">
        {missing === 0 ? t("Your order: {{order}}.", { order: spoken(t, state) }) : ""}
      </VisuallyHidden>
      <output className={classes.readBack} aria-hidden>
        {readBack(answer, order, letters) || (isProposed ? "" : t("No ranks yet"))}
      </output>
      <Proposed state={state} />
      {missing > 0 && <span>{t("{{count}} to rank", { count: missing })}</span>}
      {missing === 0 && notRated.length > 0 && (
        <span className={classes.slip}>
          {t("{{letters}} not rated yet", { letters: notRated.join(", ") })}
        </span>
      )}
      <Slips state={state} />
    </span>
  );
}

/** What the ratings would add, apart from what has been given: "A > (B, C) > D". */
function Proposed({ state }: { state: State }) {
  const { t } = useTranslation();
  const { ranks, groups } = proposal(state.answer, state.order);
  if (!ranks.size) return null;
  const places = [
    ...[...ranks].map(([id, rank]) => ({ rank, shown: state.letters[id] ?? "" })),
    ...groups.map(({ ids, rank }) => ({ rank, shown: `(${ids.map((id) => state.letters[id]).join(", ")})` })),
  ].sort((one, other) => one.rank - other.rank);
  return (
    <span className={classes.proposed}>
      {t("proposed: {{order}}", { order: places.map(({ shown }) => shown).join(" > ") })}
    </span>
  );
}

/** The widest contradictions by name; the cards name all of them. */
function Slips({ state }: { state: State }) {
  const { t } = useTranslation();
  const slips = contradictions(state.answer, state.order);
  const [first] = slips;
  if (!first) return null;
  return (
    <span className={classes.slip} data-testid="contradiction">
      <IconAlertTriangle size={15} stroke={1.8} aria-hidden />
      {translated(t, contradiction(state, first))}
      {slips.length > 1 && ` ${t("And {{count}} more.", { count: slips.length - 1 })}`}
    </span>
  );
}

function spoken(t: TFunction, { answer, order, letters }: State): string {
  return bands(answer, order)
    .map((band) => band.map((id) => letters[id]).join(` ${t("tied with")} `))
    .join(`, ${t("then")} `);
}
