/**
 * Keeps src/locales in step with the sources: `npm run i18n` adds the keys that are new (empty, to be translated) and
 * drops those that are gone; `npm run check:i18n` changes nothing and fails where there is anything to do.
 *
 * en.json holds the plural forms only, because elsewhere the key is the English text itself.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findKeys } from "i18next-cli";

const FOLDER = join(import.meta.dirname, "..", "src");
const PRIMARY = "en";
const OTHERS = ["de"];
const FORM = /_(?:zero|one|two|few|many|other)$/;
const PLACEHOLDER = /\{\{.*?\}\}|<\/?\d+\/?>/g;

/** Logs nothing: what is found goes to the files, and what is wrong to the end. */
const QUIET = { info: () => undefined, warn: say, error: say };

function say(text) {
  process.stderr.write(`${text}\n`);
}

async function keysInSources() {
  const { allKeys } = await findKeys(
    {
      locales: [PRIMARY, ...OTHERS],
      extract: {
        input: [join(FOLDER, "**/*.{ts,tsx}")],
        ignore: [join(FOLDER, "**/*.test.{ts,tsx}")],
        output: join(FOLDER, "locales/{{language}}.json"),
        functions: ["t", "*.t", "msg"],
        keySeparator: false,
        nsSeparator: false,
        // No text is told apart by a context, and underscores may stand in one.
        contextSeparator: "\u0004",
      },
    },
    QUIET,
  );
  return [...allKeys.values()];
}

/** The keys that a language's file has: an own form for each of its plurals. */
function wantedKeys(found, language) {
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  // A text in a table gets its count where it is shown, so the text alone says that there will be one.
  const counts = ({ key, hasCount }) => hasCount || key.includes("{{count}}");
  const base = ({ key, hasCount }) => (hasCount ? key.replace(FORM, "") : key);
  const plurals = found.filter(counts).map(base);
  const plain = language === PRIMARY ? [] : found.filter((key) => !counts(key)).map(base);
  const all = [...plain, ...plurals.flatMap((key) => forms.map((form) => `${key}_${form}`))];
  return [...new Set(all)].sort((one, other) => one.localeCompare(other, PRIMARY));
}

function placeholders(text) {
  return [...new Set(text.match(PLACEHOLDER) ?? [])].sort().join(" ");
}

/** What keeps a text from being shown as it stands: it is missing, or lost or gained a value. */
function fault(key, text) {
  if (!text) return "is not translated";
  const base = key.replace(FORM, "");
  const lost = placeholders(text) !== placeholders(base);
  // "one" may say its number in words.
  return lost && !(key.endsWith("_one") && placeholders(base).includes("{{count}}"))
    ? "has other placeholders"
    : "";
}

const isCheck = process.argv.includes("--check");
const found = await keysInSources();
const faults = [];
for (const language of [PRIMARY, ...OTHERS]) {
  const file = join(FOLDER, "locales", `${language}.json`);
  const before = readFileSync(file, "utf8");
  const texts = JSON.parse(before);
  const wanted = wantedKeys(found, language);
  const after = Object.fromEntries(wanted.map((key) => [key, texts[key] ?? ""]));
  const written = `${JSON.stringify(after, null, 2)}\n`;
  if (!isCheck) writeFileSync(file, written);
  else if (written !== before) {
    const gone = Object.keys(texts).filter((key) => !wanted.includes(key));
    faults.push(...gone.map((key) => `${language}: no source has ${JSON.stringify(key)}`));
    if (!gone.length) faults.push(`${language}: the file lacks keys, or is in another order: npm run i18n`);
  }
  for (const [key, text] of Object.entries(after)) {
    const what = fault(key, text);
    if (what) faults.push(`${language}: ${JSON.stringify(key)} ${what}`);
  }
}
if (faults.length) say(`${faults.join("\n")}\n${faults.length} to do in src/locales`);
if (isCheck && faults.length) process.exit(1);
