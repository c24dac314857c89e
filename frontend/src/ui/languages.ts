/** Languages by name, where the server has codes such as en or pt-BR. The names are the browser's own. */

/** Those of ISO 639-1 that many people write, and two that are written differently by country. */
export const LANGUAGE_CODES =
  `af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka kk km kn ko
  ky lo lt lv mk ml mn mr ms my nb ne nl nn pa pl ps pt pt-BR ro ru si sk sl so sq sr sv sw ta te th tr uk ur uz vi
  yo zh zh-TW zu`.split(/\s+/);

const CODE = /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i;

function nameIn(language: string, code: string): string | undefined {
  try {
    return new Intl.DisplayNames([language], { type: "language", fallback: "none" }).of(code);
  } catch {
    return undefined;
  }
}

function capitalized(name: string, language: string): string {
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
}

/** "German" for de where `shownIn` is en; a code that nobody knows stays what it is. */
export function languageName(code: string, shownIn = "en"): string {
  const name = CODE.test(code) ? nameIn(shownIn, code) : undefined;
  return name ? capitalized(name, shownIn) : code;
}

/** "Deutsch (German)": who writes it finds their own word, who sorts it theirs. */
export function languageLabel(code: string, shownIn = "en"): string {
  const name = languageName(code, shownIn);
  const own = CODE.test(code) ? nameIn(code, code) : undefined;
  return own && own.toLowerCase() !== name.toLowerCase() ? `${capitalized(own, code)} (${name})` : name;
}

/** A code that somebody typed in full, though it is not in the list; undefined for what is none. */
export function typedCode(text: string): string | undefined {
  const code = text.trim();
  if (!CODE.test(code) || code.length > 12) return undefined;
  try {
    const [canonical = ""] = Intl.getCanonicalLocales(code);
    return nameIn("en", canonical) ? canonical : undefined;
  } catch {
    return undefined;
  }
}
