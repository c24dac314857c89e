import { UnstyledButton } from "@mantine/core";
import type { Dispatch } from "react";
import { useTranslation } from "react-i18next";
import { judgmentOf, type ResponseId } from "@/features/labeling/comparison/answer";
import { proposal } from "@/features/labeling/comparison/proposal";
import classes from "@/features/labeling/comparison/Ranks.module.css";
import type { Act, State } from "@/features/labeling/comparison/state";

type RankButtonsProps = { id: ResponseId; state: State; act: Dispatch<Act> };

/** One tap ranks; the same again takes the rank away. Where the ratings would put it is drawn dashed, and is no rank yet. */
export function RankButtons({ id, state, act }: RankButtonsProps) {
  const { t } = useTranslation();
  const { rank } = judgmentOf(state.answer, id);
  const proposed = proposal(state.answer, state.order).ranks.get(id);
  return (
    <fieldset
      className={classes.ranks}
      data-count={state.order.length}
      aria-label={t("Rank of {{letter}}", { letter: state.letters[id] })}
    >
      {state.order.map((_, index) => {
        const value = index + 1;
        const name =
          value === 1
            ? t("Rank {{number}}, best", { number: value })
            : t("Rank {{number}}", { number: value });
        return (
          <UnstyledButton
            key={value}
            className={classes.rank}
            aria-pressed={rank === value}
            data-proposed={proposed === value || undefined}
            aria-label={proposed === value ? t("{{rank}}, proposed", { rank: name }) : name}
            onClick={() => act({ type: "place", id, rank: rank === value ? null : value })}
          >
            {value}
          </UnstyledButton>
        );
      })}
    </fieldset>
  );
}
