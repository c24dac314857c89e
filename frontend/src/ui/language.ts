/** The interface's language. English sentences are the keys, so English itself needs only its plural forms. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import english from "@/locales/en.json";

/** Each under its own name: somebody who cannot read the others still finds it. */
export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

const STORED_AS = "labelapp:language";
const TEXTS: Record<Language, () => Promise<{ default: Record<string, string> }>> = {
  en: () => Promise.resolve({ default: english }),
  de: () => import("@/locales/de.json"),
};

/** The extraction finds this; for texts that stand in a table until a component shows them through t(). */
export function msg<const Text extends string>(text: Text): Text {
  return text;
}

function known(code: string | null | undefined): Language | undefined {
  const [language = ""] = (code ?? "").toLowerCase().split("-");
  return Object.hasOwn(LANGUAGES, language) ? (language as Language) : undefined;
}

/** The person's choice in this browser, else the first of the browser's languages that there is. */
export function preferredLanguage(): Language {
  let chosen: string | null = null;
  try {
    chosen = localStorage.getItem(STORED_AS);
  } catch {
    // A browser that forbids storage asks for its own language each time.
  }
  return known(chosen) ?? navigator.languages.map(known).find((language) => language !== undefined) ?? "en";
}

async function show(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, "translation")) {
    const { default: texts } = await TEXTS[language]();
    i18next.addResourceBundle(language, "translation", texts);
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

/** Starts in `language`; where its texts cannot be fetched, in English rather than not at all. */
export async function startLanguage(language: Language = preferredLanguage()): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: "en",
    fallbackLng: "en",
    resources: { en: { translation: english } },
    partialBundledLanguages: true,
    keySeparator: false,
    nsSeparator: false,
    returnEmptyString: false, // what is not translated yet shows in English
    interpolation: { escapeValue: false }, // React escapes
    react: { useSuspense: false },
  });
  if (language !== "en") await show(language).catch(() => undefined);
}

/** Changes the language at once, without losing what is on the page, and remembers it. */
export async function chooseLanguage(language: Language): Promise<void> {
  await show(language);
  try {
    localStorage.setItem(STORED_AS, language);
  } catch {
    // See above: the choice then holds for this page.
  }
}
