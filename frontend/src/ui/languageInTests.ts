/** Vitest's set-up: components show English, with its plurals, as in the product. */
import { startLanguage } from "@/ui/language";

await startLanguage("en");
