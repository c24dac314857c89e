import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { contradictions, type ResponseId } from "@/features/labeling/comparison/answer";
import { groupOf, proposal } from "@/features/labeling/comparison/proposal";
import classes from "@/features/labeling/comparison/Ranks.module.css";
import type { State } from "@/features/labeling/comparison/state";

type CardStandingProps = { id: ResponseId; state: State };

/** How a response stands to the others, where that needs a word: it waits in a group, or contradicts its rating. */
export function CardStanding({ id, state }: CardStandingProps) {
  const { t } = useTranslation();
  const { answer, order, letters } = state;
  const named = (ids: ResponseId[]) =>
    order
      .filter((other) => ids.includes(other))
      .map((other) => letters[other])
      .join(", ");
  const group = groupOf(proposal(answer, order), id);
  const others = group?.ids.filter((other) => other !== id) ?? [];
  const slips = contradictions(answer, order);
  const above = slips.filter(({ better }) => better === id).map(({ worse }) => worse);
  const below = slips.filter(({ worse }) => worse === id).map(({ better }) => better);
  if (!others.length && !above.length && !below.length) return null;
  return (
    <div className={classes.standing}>
      {others.length > 0 && (
        <p>{t("Rated like {{letters}}: order or tie them.", { letters: named(others) })}</p>
      )}
      {above.length > 0 && (
        <Slip text={t("Rated lower than {{letters}}, but ranked above.", { letters: named(above) })} />
      )}
      {below.length > 0 && (
        <Slip text={t("Rated higher than {{letters}}, but ranked below.", { letters: named(below) })} />
      )}
    </div>
  );
}

function Slip({ text }: { text: string }) {
  return (
    <p className={classes.slip}>
      <IconAlertTriangle size={15} stroke={1.8} aria-hidden />
      {text}
    </p>
  );
}
