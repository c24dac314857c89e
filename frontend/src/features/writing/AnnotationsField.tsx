import { SegmentedControl, VisuallyHidden } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ANNOTATIONS } from "@/features/writing/texts";
import classes from "@/features/writing/Writing.module.css";

type AnnotationsFieldProps = {
  value: Record<string, boolean>;
  onChange: (value: Record<string, boolean>) => void;
};

/** Yes, no, or not said: a dash is not a no. */
export function AnnotationsField({ value, onChange }: AnnotationsFieldProps) {
  const { t } = useTranslation();
  const set = (name: string, chosen: string) => {
    const { [name]: _, ...others } = value;
    onChange(chosen === "unset" ? others : { ...others, [name]: chosen === "yes" });
  };
  return (
    <section aria-labelledby="annotations-title">
      <h2 id="annotations-title" className={classes.asideTitle}>
        {t("About the prompt")}
      </h2>
      <p className={classes.dimmed} style={{ margin: "0 0 0.25rem" }}>
        {t("Say what you can; a dash says nothing, which is not a no.")}
      </p>
      {ANNOTATIONS.map(({ name, label }) => (
        <div key={name} className={classes.annotation}>
          <span id={`annotation-${name}`}>{t(label)}</span>
          <SegmentedControl
            size="xs"
            aria-labelledby={`annotation-${name}`}
            value={value[name] === undefined ? "unset" : value[name] ? "yes" : "no"}
            onChange={(chosen) => set(name, chosen)}
            data={[
              { value: "yes", label: t("Yes") },
              { value: "no", label: t("No") },
              { value: "unset", label: <NotSaid /> },
            ]}
          />
        </div>
      ))}
    </section>
  );
}

function NotSaid() {
  const { t } = useTranslation();
  return (
    <>
      <span aria-hidden>–</span>
      <VisuallyHidden>{t("Not said")}</VisuallyHidden>
    </>
  );
}
