import { useTranslation } from "react-i18next";
import type { AnswerValue } from "@/features/labeling/comparison/form";
import classes from "@/features/labeling/comparison/Questions.module.css";
import type { Question } from "@/features/labeling/task/types";

type ScaleControlProps = {
  name: string;
  question: Question;
  value: AnswerValue | undefined;
  onChange: (value: number) => void;
};

/** A few whole numbers with words at both ends; nothing is chosen until somebody chooses. */
export function ScaleControl({ name, question, value, onChange }: ScaleControlProps) {
  const { t } = useTranslation();
  const { minimum, maximum, low_label, high_label } = question;
  const steps = Array.from({ length: maximum - minimum + 1 }, (_, index) => minimum + index);
  const spoken = (step: number) => {
    if (step === minimum) return t("{{number}}, {{meaning}}", { number: step, meaning: t(low_label) });
    if (step === maximum) return t("{{number}}, {{meaning}}", { number: step, meaning: t(high_label) });
    return String(step);
  };
  return (
    <div role="radiogroup" aria-labelledby={`question-${question.key}`} className={classes.scale}>
      <div className={classes.steps}>
        {steps.map((step) => (
          <label key={step} className={classes.step} data-checked={value === step || undefined}>
            <input
              type="radio"
              name={name}
              value={step}
              checked={value === step}
              onChange={() => onChange(step)}
              aria-label={spoken(step)}
            />
            <span aria-hidden>{step < 0 ? `−${-step}` : step}</span>
          </label>
        ))}
      </div>
      <div className={classes.ends} aria-hidden>
        <span>{t(low_label)}</span>
        <span>{t(high_label)}</span>
      </div>
    </div>
  );
}
