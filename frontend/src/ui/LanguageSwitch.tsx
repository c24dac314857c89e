import { UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "@/ui/LanguageSwitch.module.css";
import { chooseLanguage, LANGUAGES, type Language } from "@/ui/language";

const CODES = Object.keys(LANGUAGES) as Language[];

/** The languages side by side, each under its own name. */
export function LanguageSwitch() {
  const { t, i18n } = useTranslation();
  return (
    <fieldset className={classes.languages}>
      <legend className={classes.legend}>{t("Language")}</legend>
      {CODES.map((code) => (
        <UnstyledButton
          key={code}
          lang={code}
          className={classes.language}
          aria-pressed={i18n.language === code}
          onClick={() => void chooseLanguage(code)}
        >
          {LANGUAGES[code]}
        </UnstyledButton>
      ))}
    </fieldset>
  );
}
