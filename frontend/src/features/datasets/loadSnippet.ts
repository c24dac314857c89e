import type { Schemas } from "@/api/client";

type Version = Pick<Schemas["DatasetVersion"], "files">;

/** Python that fetches and loads a version: the splits that have rows, with nothing but `datasets` installed. */
export function loadSnippet(version: Version, origin: string): string {
  const files = version.files.filter(({ format, rows }) => format === "parquet" && rows > 0);
  const folder = files[0]?.url.slice(0, -files[0].name.length) ?? "";
  const entries = files.map(({ split, name }) => `"${split}": "${name}"`).join(", ");
  return [
    "import os",
    "from urllib.request import Request, urlopen",
    "",
    "from datasets import load_dataset",
    "",
    `folder = "${origin}${folder}"`,
    `files = {${entries}}`,
    'headers = {"Authorization": "Bearer " + os.environ["LABELAPP_TOKEN"]}  # a token with the scope “read”',
    "for name in files.values():",
    '    with urlopen(Request(folder + name, headers=headers)) as answer, open(name, "wb") as file:',
    "        file.write(answer.read())",
    'dataset = load_dataset("parquet", data_files=files)',
  ].join("\n");
}
