/** The import order: app → features → api and ui. Features never import each other; ui knows no domain and no server. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..", "src");

function layer(path: string): string {
  const [first = "", second = ""] = path.split("/");
  return first === "features" ? `features/${second}` : first;
}

function mayImport(from: string, to: string): boolean {
  if (from === to || from === "app" || from === "main.tsx") return true;
  if (from.startsWith("features/")) return to === "api" || to === "ui";
  if (from === "ui") return to === "locales";
  return false;
}

function imports(file: string): string[] {
  return [...readFileSync(join(ROOT, file), "utf8").matchAll(/["']@\/([^"']+)["']/g)].map(
    (match) => match[1] ?? "",
  );
}

const files = readdirSync(ROOT, { recursive: true, encoding: "utf8" })
  .map((file) => relative(".", file))
  .filter((file) => /\.tsx?$/.test(file) && !file.includes(".test."));

test("imports go downwards only", () => {
  const wrong = files.flatMap((file) =>
    imports(file)
      .filter((target) => !mayImport(layer(file), layer(target)))
      .map((target) => `${file} imports ${target}`),
  );
  expect(files.length).toBeGreaterThan(20);
  expect(wrong).toEqual([]);
});

test("every Mantine component in use has its styles", () => {
  const styles = join(ROOT, "..", "node_modules", "@mantine", "core", "styles");
  const imported = readFileSync(join(ROOT, "app", "mantine.css"), "utf8");
  const used = files.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), "utf8");
    const lists = [...text.matchAll(/import \{([^}]*)\} from "@mantine\/core"/g)].map(
      (match) => match[1] ?? "",
    );
    return lists.flatMap((list) => list.split(",").map((name) => name.trim()));
  });
  const missing = [...new Set(used)].filter(
    (name) => existsSync(join(styles, `${name}.css`)) && !imported.includes(`/${name}.layer.css`),
  );
  expect(used).toContain("Button");
  expect(missing).toEqual([]);
});
