import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const SERVER = process.env.API_URL ?? "http://localhost:8000";
// The host stays the browser's: Django holds it against the Origin of each write.
const TO_SERVER = { target: SERVER, changeOrigin: false };
const PROXY = { "/api": TO_SERVER, "/_allauth": TO_SERVER, "/static": TO_SERVER };

/** Writes .gz and .br beside what the build made: WhiteNoise serves those and compresses nothing itself. */
function precompress(): Plugin {
  return {
    name: "precompress",
    apply: "build",
    writeBundle({ dir }) {
      const folder = join(dir ?? "dist", "assets");
      for (const name of readdirSync(folder)) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const content = readFileSync(join(folder, name));
        writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(content));
      }
    },
  };
}

const FOLDER = fileURLToPath(new URL("./src", import.meta.url));
const reached = new Map<string, Set<string>>();

type Graph = {
  getModuleInfo(id: string): { code: string | null; importedIds: readonly string[] } | null;
};

/** Packages whose one entry names everything that they have: to import it is not to use it all. */
const CATALOGUE =
  /\/node_modules\/(@mantine\/\w+|@tabler\/icons-react)\/(?:dist\/)?esm\/(index|tabler-icons-react)\.mjs$/;
const NAMED = /(?:import|export)\s*\{([^}]*)\}\s*from\s*["']([^"']+)["']/g;

function namedImports(code: string): { from: string; names: { theirs: string; ours: string }[] }[] {
  return [...code.matchAll(NAMED)].map(([, list = "", from = ""]) => ({
    from,
    names: list.split(",").map((one) => {
      const [theirs = "", ours = theirs] = one.trim().split(/\s+as\s+/);
      return { theirs, ours };
    }),
  }));
}

/** Where in a catalogue's package each of the names is that a module takes from it. */
function fromCatalogue(graph: Graph, code: string, catalogue: string): string[] {
  const name = CATALOGUE.exec(catalogue)?.[1] ?? "";
  const taken = namedImports(code).filter(({ from }) => from === name);
  const wanted = new Set(taken.flatMap(({ names }) => names.map(({ theirs }) => theirs)));
  return namedImports(graph.getModuleInfo(catalogue)?.code ?? "")
    .filter(({ names }) =>
      names.some(({ theirs, ours }) => wanted.has(ours) || (ours === "default" && wanted.has(theirs))),
    )
    .map(({ from }) => join(dirname(catalogue), from));
}

/** The files that some of ours use, however far away, without those that they only fetch later. */
function reach(graph: Graph, ...roots: string[]): Set<string> {
  const key = roots.join();
  const found = reached.get(key) ?? new Set<string>();
  if (reached.has(key)) return found;
  reached.set(key, found);
  const waiting = [...roots];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const info = found.has(id) ? null : graph.getModuleInfo(id);
    if (!info) continue;
    found.add(id);
    for (const imported of info.importedIds) {
      if (CATALOGUE.test(imported)) waiting.push(...fromCatalogue(graph, info.code ?? "", imported));
      else waiting.push(imported);
    }
  }
  return found;
}

/**
 * A task on the screen is a few files, not sixty: each costs a request with its headers, and compresses alone. `app` is
 * what every page needs, with what labeling shares with the others; `markdown` whatever shows it; `workbench` the task
 * and what stands around it; `panels` what is opened beside it. Each is whole with those before it: chunks that import
 * each other would run before what they need.
 */
function chunkOf(id: string, graph: Graph): string | null {
  if (appOf(graph).has(id)) return "app";
  if (reach(graph, ...MARKDOWN).has(id)) return "markdown";
  if (reach(graph, ...WORKBENCH).has(id)) return "workbench";
  return reach(graph, ...PANELS).has(id) ? "panels" : null;
}

const source = (name: string) => join(FOLDER, name);
const labeling = (name: string) => source(`features/labeling/${name}.tsx`);
const LABEL_PAGE = labeling("LabelPage");
const MARKDOWN = [source("ui/Markdown.tsx"), source("ui/Messages.tsx")];
const WORKBENCH = [LABEL_PAGE, labeling("OutboxNotice"), labeling("WorkDay")];
const PANELS = ["InstructionsPanel", "ThreadPanel", "FlagDialog"].map((name) => labeling(`task/${name}`));
/** So small that a request of its own would cost more than it does. */
const SMALL = ["RelativeTime.tsx", "breakMinutes.ts", "Messages.module.css"].map((name) =>
  source(`ui/${name}`),
);
const SHARED = /\/src\/(ui|api)\/|\/node_modules\/@(mantine|tabler)\//;

function appOf(graph: Graph): Set<string> {
  const shared = [...reach(graph, LABEL_PAGE)].filter(
    (id) => SHARED.test(id) && !/markdown/i.test(id) && !reach(graph, id).has(source("ui/Markdown.tsx")),
  );
  return reach(graph, source("main.tsx"), source("app/Layout.tsx"), ...SMALL, ...shared);
}

export default defineConfig({
  plugins: [react(), precompress()],
  resolve: { alias: { "@": FOLDER } },
  build: {
    target: "es2022",
    // Inlined assets would be data: addresses, which the content security policy keeps out of scripts and styles.
    assetsInlineLimit: 0,
    // In kB, uncompressed: what no labeler fetches may be one chunk. What they do fetch has a test (300 kB in all).
    chunkSizeWarningLimit: 700,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [{ debugName: "by page", name: chunkOf }],
        },
      },
    },
  },
  server: { proxy: PROXY },
  preview: { proxy: PROXY },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/ui/languageInTests.ts"],
    restoreMocks: true,
    testTimeout: 20_000,
  },
});
