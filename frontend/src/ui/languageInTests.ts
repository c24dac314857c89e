/** Vitest's set-up: components show English, with its plurals, as in the product; what is waited for may take its time. */
import { configure } from "@testing-library/react";
import { startLanguage } from "@/ui/language";

configure({ asyncUtilTimeout: 5_000 });
await startLanguage("en");
