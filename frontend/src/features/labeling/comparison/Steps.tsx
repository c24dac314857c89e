import { useTranslation } from "react-i18next";
import classes from "@/features/labeling/comparison/Steps.module.css";

type StepsProps = {
  name: string;
  least: number;
  most: number;
  /** What the ends mean, in the person's language. */
  low: string;
  high: string;
  value: number | null;
  onChange: (value: number) => void;
  isLarge?: boolean;
};

/** Whole numbers with words at both ends; nothing is chosen until somebody chooses. */
export function Steps({ name, least, most, low, high, value, onChange, isLarge = false }: StepsProps) {
  const { t } = useTranslation();
  const steps = Array.from({ length: most - least + 1 }, (_, index) => least + index);
  const spoken = (step: number) => {
    const meaning = step === least ? low : step === most ? high : null;
    return meaning ? t("{{number}}, {{meaning}}", { number: step, meaning }) : String(step);
  };
  return (
    <>
      <div className={classes.steps} data-large={isLarge || undefined}>
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
        <span>{low}</span>
        <span>{high}</span>
      </div>
    </>
  );
}
