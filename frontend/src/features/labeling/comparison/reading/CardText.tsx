import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { ResponseId } from "@/features/labeling/comparison/answer";
import { DiffText } from "@/features/labeling/comparison/reading/DiffText";
import { EndMark } from "@/features/labeling/comparison/reading/EndMark";
import { Fold } from "@/features/labeling/comparison/reading/Fold";
import { ScrollBox } from "@/features/labeling/comparison/reading/ScrollBox";
import { useDiff } from "@/features/labeling/comparison/reading/useDiff";
import type { TaskResponse } from "@/features/labeling/task/types";
import { Markdown } from "@/ui/Markdown";

type CardTextProps = {
  response: TaskResponse;
  isPlain: boolean;
  isTogether: boolean;
  isFolding: boolean;
  isOpen: boolean;
  setOpen: (id: ResponseId, isOpen: boolean) => void;
  basis: TaskResponse | null;
};

/** The text of a card in its box or fold. Memoised: ranking must not wait for nine texts of Markdown at every key. */
export const CardText = memo(function CardText(props: CardTextProps) {
  const { response, isPlain, isTogether, isFolding, isOpen, setOpen, basis } = props;
  const { t } = useTranslation();
  const { id, letter, text } = response;
  const diff = useDiff(basis, response, isPlain);
  const formatted = <Formatted text={text} isPlain={isPlain} />;
  const shown = diff ? <DiffText diff={diff.diff}>{formatted}</DiffText> : formatted;
  if (isTogether) {
    return (
      <ScrollBox label={t("Text of response {{letter}}", { letter })}>
        {shown}
        <EndMark id={id} />
      </ScrollBox>
    );
  }
  return (
    <Fold isFolding={isFolding} isOpen={isOpen} setOpen={(next) => setOpen(id, next)} text={text}>
      {shown}
      <EndMark id={id} />
    </Fold>
  );
});

/** Parsed once, however often the differences around it change. */
const Formatted = memo(Markdown);
