import { UnstyledButton } from "@mantine/core";
import type { Dispatch, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { contradictions, judgmentOf, type ResponseId, unranked } from "@/features/labeling/comparison/answer";
import { type Group, type Proposal, proposal } from "@/features/labeling/comparison/proposal";
import classes from "@/features/labeling/comparison/Ranks.module.css";
import { useIsUnread } from "@/features/labeling/comparison/reading/ends";
import { type Act, focusedId, type State } from "@/features/labeling/comparison/state";
import type { Dragging } from "@/features/labeling/comparison/useDrag";
import { heightOf } from "@/ui/heights";
import { Key } from "@/ui/Key";

export const TRAY = "tray";

const strip = heightOf("--strip-height");

type StripPart = { state: State; act: Dispatch<Act>; dragging: Dragging };

/** The bands, always in sight: drop a letter into one, or press a band's head to put the focused response there. */
export function RankStrip({ state, act, dragging }: StripPart) {
  const { t } = useTranslation();
  const proposed = proposal(state.answer, state.order);
  return (
    <section
      ref={strip}
      className={classes.strip}
      aria-label={t("Ranks")}
      data-dragging={dragging.drag !== null || undefined}
      data-count={state.order.length}
      data-bands
    >
      <Tray state={state} act={act} dragging={dragging} proposed={proposed} />
      <div className={classes.bands}>
        {ranksOf(state.order.length).map((rank) => (
          <RankBand key={rank} rank={rank} state={state} act={act} dragging={dragging} proposed={proposed} />
        ))}
      </div>
    </section>
  );
}

function ranksOf(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** What has no place yet: groups that are rated the same, and whatever cannot be proposed before all is rated. */
function Tray({ state, act, dragging, proposed }: StripPart & { proposed: Proposal }) {
  const { t } = useTranslation();
  const grouped = proposed.groups.flatMap(({ ids }) => ids);
  const alone = unranked(state.answer, state.order).filter(
    (id) => !grouped.includes(id) && !proposed.ranks.has(id),
  );
  return (
    <Band
      id={TRAY}
      isOver={dragging.drag?.over === TRAY}
      className={classes.tray}
      isEmpty={!alone.length && !grouped.length}
      head={<span className={classes.bandHead}>{t("To be ranked")}</span>}
    >
      {alone.map((id) => (
        <Chip key={id} id={id} state={state} act={act} dragging={dragging} />
      ))}
      {proposed.groups.map((group) => (
        <WaitingGroup key={group.quality} group={group} state={state} act={act} dragging={dragging} />
      ))}
      {!alone.length && !grouped.length && <span className={classes.none}>{t("none")}</span>}
    </Band>
  );
}

function WaitingGroup({ group, state, act, dragging }: StripPart & { group: Group }) {
  const { t } = useTranslation();
  const { ids, quality } = group;
  const letters = ids.map((id) => state.letters[id]).join(", ");
  const isHere = ids.includes(focusedId(state));
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is no place among chips in a row
    <div
      role="group"
      className={classes.group}
      aria-label={t("Rated {{quality}}: {{letters}}", { quality, letters })}
    >
      <span className={classes.groupQuality} aria-hidden>
        {t("rated {{quality}}", { quality })}
      </span>
      {ids.map((id) => (
        <Chip key={id} id={id} state={state} act={act} dragging={dragging} />
      ))}
      {ids.length > 1 && (
        <UnstyledButton
          className={classes.tieGroup}
          aria-label={t("Tie {{letters}}", { letters })}
          aria-keyshortcuts={isHere ? "=" : undefined}
          onClick={() => act({ type: "tieGroup", id: ids[0] })}
        >
          {t("tie")}
          {isHere && <Key name="=" />}
        </UnstyledButton>
      )}
    </div>
  );
}

function RankBand({
  rank,
  state,
  act,
  dragging,
  proposed,
}: StripPart & { rank: number; proposed: Proposal }) {
  const { t } = useTranslation();
  const inside = state.order.filter((id) => judgmentOf(state.answer, id).rank === rank);
  const maybe = [...proposed.ranks].filter(([, at]) => at === rank).map(([id]) => id);
  const letter = state.letters[focusedId(state)];
  const head =
    rank === 1
      ? t("Rank {{number}} (best): put {{letter}} here", { number: rank, letter })
      : t("Rank {{number}}: put {{letter}} here", { number: rank, letter });
  return (
    <Band
      id={String(rank)}
      isOver={dragging.drag?.over === String(rank)}
      head={
        <UnstyledButton
          className={classes.bandHead}
          aria-label={head}
          onClick={() => act({ type: "place", id: focusedId(state), rank, moveOn: true })}
        >
          <BandName rank={rank} />
        </UnstyledButton>
      }
    >
      {inside.map((id) => (
        <Chip key={id} id={id} state={state} act={act} dragging={dragging} />
      ))}
      {maybe.map((id) => (
        <Chip key={id} id={id} state={state} act={act} dragging={dragging} isProposed />
      ))}
    </Band>
  );
}

/** The words only where there is room for them, in any language; the number always. */
function BandName({ rank }: { rank: number }) {
  const { t } = useTranslation();
  return (
    <span className={classes.bandName}>
      <span className={classes.bandRank}>{t("Rank {{number}}", { number: rank })}</span>
      <span className={classes.bandNumber}>{rank}</span>
      {rank === 1 && <span>{t("(best)")}</span>}
    </span>
  );
}

type BandProps = {
  id: string;
  className?: string;
  isOver: boolean;
  isEmpty?: boolean;
  head: ReactNode;
  children: ReactNode;
};

function Band({ id, className = "", isOver, isEmpty = false, head, children }: BandProps) {
  return (
    <div
      className={`${classes.band} ${className}`}
      data-over={isOver || undefined}
      data-band={id}
      data-empty={isEmpty || undefined}
    >
      {head}
      <div className={classes.chips}>{children}</div>
    </div>
  );
}

/** A response's letter: pressed it goes to the response, dragged it changes the rank. */
function Chip({
  id,
  state,
  act,
  dragging,
  isProposed = false,
}: StripPart & { id: ResponseId; isProposed?: boolean }) {
  const { t } = useTranslation();
  const letter = state.letters[id];
  const slips = contradictions(state.answer, state.order);
  const isUnread = useIsUnread(id);
  const name = isProposed
    ? t("Go to response {{letter}}, proposed here", { letter })
    : t("Go to response {{letter}}", { letter });
  const show = () => {
    act({ type: "focus", index: state.order.indexOf(id) });
    document.querySelector(`[data-response="${id}"]`)?.scrollIntoView({ block: "nearest" });
  };
  return (
    <UnstyledButton
      {...dragging.handle(id)}
      className={classes.chip}
      data-focused={focusedId(state) === id || undefined}
      data-dragged={dragging.drag?.id === id || undefined}
      data-proposed={isProposed || undefined}
      data-slip={slips.some(({ better, worse }) => better === id || worse === id) || undefined}
      data-unread={isUnread || undefined}
      title={isUnread ? t("unread below the fold") : undefined}
      aria-label={isUnread ? t("{{name}}, unread below the fold", { name }) : name}
      onClick={show}
    >
      {letter}
    </UnstyledButton>
  );
}
