import { MAX_QUALITY } from "@/features/labeling/comparison/answer";
import classes from "@/features/labeling/comparison/Comparison.module.css";

const SCALE = Array.from({ length: MAX_QUALITY }, (_, index) => index + 1);

type QualityScaleProps = { name: string; value: number | null; onChange: (quality: number) => void };

/** 1 to 7; nothing is chosen until somebody chooses. */
export function QualityScale({ name, value, onChange }: QualityScaleProps) {
  return (
    <fieldset className={classes.quality}>
      <legend className={classes.legend}>Overall quality</legend>
      <div className={classes.scale}>
        {SCALE.map((quality) => (
          <label key={quality} className={classes.grade} data-checked={value === quality || undefined}>
            <input
              type="radio"
              name={name}
              value={quality}
              checked={value === quality}
              onChange={() => onChange(quality)}
              aria-label={quality === 1 ? "1, worst" : quality === MAX_QUALITY ? "7, best" : String(quality)}
            />
            <span aria-hidden>{quality}</span>
          </label>
        ))}
      </div>
      <div className={classes.scaleEnds} aria-hidden>
        <span>worst</span>
        <span>best</span>
      </div>
    </fieldset>
  );
}
