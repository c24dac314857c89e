import { expect, test } from "vitest";
import { LANGUAGE_CODES, languageLabel, languageName, typedCode } from "@/ui/languages";

test("a language has its own name and the reader's", () => {
  expect(languageLabel("de")).toBe("Deutsch (German)");
  expect(languageLabel("de", "de")).toBe("Deutsch");
  expect(languageLabel("fr", "de")).toBe("Français (Französisch)");
  expect(languageLabel("en")).toBe("English");
  expect(languageName("pt-BR")).toBe("Brazilian Portuguese");
});

test("what nobody knows stays the code it is", () => {
  expect([languageLabel("qqx"), languageName("not a code"), languageLabel("")]).toEqual([
    "qqx",
    "not a code",
    "",
  ]);
});

test("every language that is offered has a name", () => {
  expect(LANGUAGE_CODES.filter((code) => languageName(code) === code)).toEqual([]);
  expect(new Set(LANGUAGE_CODES).size).toBe(LANGUAGE_CODES.length);
});

test("a code that is typed in full is taken, also one that is not listed", () => {
  expect([
    typedCode("sw-ke"),
    typedCode("gd"),
    typedCode("english"),
    typedCode("qqx"),
    typedCode(""),
  ]).toEqual(["sw-KE", "gd", undefined, undefined, undefined]);
});
