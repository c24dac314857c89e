import { expect, test } from "vitest";
import { loadSnippet } from "@/features/datasets/loadSnippet";

test("the snippet names the Parquet files of the splits that have rows", () => {
  const file = (split: "train" | "valid", format: "jsonl" | "parquet", rows: number) => ({
    name: `${split}.${format}`,
    split,
    format,
    rows,
    size_bytes: 1,
    sha256: "",
    url: `/api/v1/dataset-versions/3/files/${split}.${format}`,
  });
  const code = loadSnippet(
    { files: [file("train", "jsonl", 5), file("train", "parquet", 5), file("valid", "parquet", 0)] },
    "https://labels.example.org",
  );
  expect(code).toContain('folder = "https://labels.example.org/api/v1/dataset-versions/3/files/"');
  expect(code).toContain('files = {"train": "train.parquet"}');
  expect(code).not.toContain("valid");
  expect(code).not.toContain("jsonl");
});
