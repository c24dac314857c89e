import { useTranslation } from "react-i18next";
import { MAX_QUALITY, MIN_QUALITY } from "@/features/labeling/comparison/answer";
import classes from "@/features/labeling/comparison/Comparison.module.css";

const SCALE = Array.from({ length: MAX_QUALITY }, (_, index) => index + 1);

type QualityScaleProps = { name: string; value: number | null; onChange: (quality: number) => void };

/** 1 to 7; nothing is chosen until somebody chooses. */
export function QualityScale({ name, value, onChange }: QualityScaleProps) {
  const { t } = useTranslation();
  const nameOf = (quality: number) => {
    if (quality === MIN_QUALITY) return t("{{number}}, worst", { number: quality });
    return quality === MAX_QUALITY ? t("{{number}}, best", { number: quality }) : String(quality);
  };
  return (
    <fieldset className={classes.quality}>
      <legend className={classes.legend}>{t("Overall quality")}</legend>
      <div className={classes.scale}>
        {SCALE.map((quality) => (
          <label key={quality} className={classes.grade} data-checked={value === quality || undefined}>
            <input
              type="radio"
              name={name}
              value={quality}
              checked={value === quality}
              onChange={() => onChange(quality)}
              aria-label={nameOf(quality)}
            />
            <span aria-hidden>{quality}</span>
          </label>
        ))}
      </div>
      <div className={classes.scaleEnds} aria-hidden>
        <span>{t("worst")}</span>
        <span>{t("best")}</span>
      </div>
    </fieldset>
  );
}
