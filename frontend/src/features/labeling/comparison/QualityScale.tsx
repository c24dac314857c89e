import { useTranslation } from "react-i18next";
import { MAX_QUALITY, MIN_QUALITY } from "@/features/labeling/comparison/answer";
import classes from "@/features/labeling/comparison/Comparison.module.css";
import { Steps } from "@/features/labeling/comparison/Steps";

type QualityScaleProps = { name: string; value: number | null; onChange: (quality: number) => void };

export function QualityScale(props: QualityScaleProps) {
  const { t } = useTranslation();
  return (
    <fieldset className={classes.quality}>
      <legend className={classes.legend}>{t("Overall quality")}</legend>
      <Steps {...props} least={MIN_QUALITY} most={MAX_QUALITY} low={t("worst")} high={t("best")} isLarge />
    </fieldset>
  );
}
