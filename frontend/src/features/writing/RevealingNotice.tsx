import { useTranslation } from "react-i18next";
import { revealing } from "@/features/writing/revealing";
import classes from "@/features/writing/Writing.module.css";
import { msg } from "@/ui/language";
import { useSettled } from "@/ui/useSettled";

const WHAT = {
  contact: msg("An address or a number:"),
  name: msg("A name that the use case has too:"),
  passage: msg("Taken over word by word:"),
};

/** What may lead back to the person whose use case it is. Pointed out, not forbidden. */
export function RevealingNotice({ source, text }: { source: string; text: string }) {
  const { t } = useTranslation();
  const found = revealing(useSettled(source), useSettled(text));
  return (
    <div aria-live="polite">
      {found.length > 0 && (
        <section className={classes.revealing} aria-label={t("Anonymous?")}>
          <strong>{t("Does this lead back to somebody?")}</strong>
          <ul>
            {found.map(({ what, text: shown }) => (
              <li key={what + shown}>
                {t(WHAT[what])} <q>{shown}</q>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
