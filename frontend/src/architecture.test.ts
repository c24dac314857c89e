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

/** The Mantine components with styles of their own that these files use. */
function styledComponents(folder: string): string[] {
  const styles = join(ROOT, "..", "node_modules", "@mantine", "core", "styles");
  const used = files
    .filter((file) => file.startsWith(folder))
    .flatMap((file) => {
      const text = readFileSync(join(ROOT, file), "utf8");
      const lists = [...text.matchAll(/import \{([^}]*)\} from "@mantine\/core"/g)].map(
        (match) => match[1] ?? "",
      );
      return lists.flatMap((list) => list.split(",").map((name) => name.trim()));
    });
  return [...new Set(used)].filter((name) => existsSync(join(styles, `${name}.css`)));
}

function stylesIn(name: string): string {
  return readFileSync(join(ROOT, "app", name), "utf8");
}

test("every Mantine component in use has its styles", () => {
  const imported = stylesIn("mantine.css") + stylesIn("mantineMore.css");
  const used = styledComponents("");
  expect(used).toContain("Button");
  expect(used.filter((name) => !imported.includes(`/${name}.layer.css`))).toEqual([]);
});

test("the labeling screens have theirs from the start, and do without the libraries that are large", () => {
  const imported = stylesIn("mantine.css");
  const used = styledComponents(join("features", "labeling", ""));
  expect(used.filter((name) => !imported.includes(`/${name}.layer.css`))).toEqual([]);
  const large = [
    "Combobox",
    "HoverCard",
    "Menu",
    "MultiSelect",
    "Popover",
    "ScrollArea",
    "Select",
    "Tooltip",
  ];
  expect(used.filter((name) => large.includes(name))).toEqual([]);
});
