import type { Schemas } from "@/api/client";

type Version = Pick<Schemas["DatasetVersion"], "files">;

/** Python that loads a version as it is: only the splits that have rows, over HTTP with a token. */
export function loadSnippet(version: Version, origin: string): string {
  const files = version.files.filter(({ format, rows }) => format === "parquet" && rows > 0);
  const lines = files.map(({ split, url }) => `    "${split}": "${origin}${url}",`);
  return [
    "import os",
    "from datasets import load_dataset",
    "",
    "files = {",
    ...lines,
    "}",
    'token = os.environ["LABELAPP_TOKEN"]  # an API token with the scope “read”',
    "dataset = load_dataset(",
    '    "parquet", data_files=files,',
    '    storage_options={"headers": {"Authorization": f"Bearer {token}"}},',
    ")",
  ].join("\n");
}
