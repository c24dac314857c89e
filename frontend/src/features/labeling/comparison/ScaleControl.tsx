import { useTranslation } from "react-i18next";
import type { AnswerValue } from "@/features/labeling/comparison/form";
import classes from "@/features/labeling/comparison/Questions.module.css";
import { Steps } from "@/features/labeling/comparison/Steps";
import type { Question } from "@/features/labeling/task/types";

type ScaleControlProps = {
  name: string;
  question: Question;
  value: AnswerValue | undefined;
  onChange: (value: number) => void;
};

export function ScaleControl({ name, question, value, onChange }: ScaleControlProps) {
  const { t } = useTranslation();
  const { key, minimum, maximum, low_label, high_label } = question;
  return (
    <div role="radiogroup" aria-labelledby={`question-${key}`} className={classes.scale}>
      <Steps
        name={name}
        least={minimum}
        most={maximum}
        low={t(low_label)}
        high={t(high_label)}
        value={typeof value === "number" ? value : null}
        onChange={onChange}
      />
    </div>
  );
}
