import { type CSSProperties, memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Diff } from "@/features/labeling/comparison/reading/diffQueue";
import classes from "@/features/labeling/comparison/reading/Reading.module.css";

/**
 * A text with what was added and removed marked by line and ground, and in words for a screen reader; where there is no
 * difference to show, the text as it is.
 */
export const DiffText = memo(function DiffText({ diff, children }: { diff: Diff; children: ReactNode }) {
  const { t } = useTranslation();
  if (!diff)
    return (
      <>
        <p className={classes.noDiff}>{t("Too different to be compared word by word.")}</p>
        {children}
      </>
    );
  const spoken = {
    "--added": JSON.stringify(` ${t("added:")} `),
    "--removed": JSON.stringify(` ${t("removed:")} `),
    "--end": JSON.stringify(` ${t("end of change")} `),
  } as CSSProperties;
  return (
    <div className={classes.diff} style={spoken} dir="auto">
      {diff.map(({ kind, text }, index) => {
        // Parts never move, so their place is their identity.
        const key = `${index}`;
        if (kind === "same") return <span key={key}>{text}</span>;
        const Change = kind === "added" ? "ins" : "del";
        return (
          <Change key={key} className={classes[kind]}>
            {text}
          </Change>
        );
      })}
    </div>
  );
});
