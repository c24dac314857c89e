"""The card of a dataset for the Hugging Face hub: who labeled, by which instructions, agreement, known limits."""

import json
import re
from typing import Any

from formats.jsonl import parse_json
from labelapp.datasets.models import DatasetKind, DatasetVersion
from labelapp.datasets.shapes import Shape
from labelapp.datasets.storing import MANIFEST, stored_file
from labelapp.labeling.models import InstructionVersion
from labelapp.prompts.models import Split

HUGGING_FACE_SPLIT = re.compile(r"data/(\w+)\.parquet")
ALWAYS = (
    "Labelers stand under pseudonyms that are the same in all versions of this workspace.",
    "Splits go by the prompts' submitters: nobody has prompts in two of them.",
)
OF_RANKINGS = (
    "A preference is one labeler's, or a majority's, among the responses that were shown; it says nothing of others.",
    "Tied responses give no pair. Weights of rankings are only in the shape of rankings.",
)


def manifest_of(version: DatasetVersion) -> dict[str, Any]:
    """What a ready version says of itself."""
    with stored_file(version, MANIFEST).open() as file:
        found: dict[str, Any] = parse_json(file.read())
    return found


def card_of(version: DatasetVersion, shape: Shape, *, files: dict[str, str]) -> str:
    """Return the README of the directory; `files` are its files by split."""
    manifest = manifest_of(version)
    name = str(version)
    parts = [
        _front_matter(name, files),
        f"# {_line(name)}\n",
        f"{_line(version.dataset.description)}\n" if version.dataset.description else "",
        _what(version, manifest, shape),
        _labelers(manifest),
        _agreement(manifest),
        _instructions(manifest),
        _limits(version.dataset.kind, manifest),
    ]
    return "\n".join(part for part in parts if part)


def _front_matter(name: str, files: dict[str, str]) -> str:
    """YAML, written as JSON where a value could be anything: every JSON text is YAML."""
    lines = ["---", f"pretty_name: {json.dumps(name)}", "tags:", "- human-feedback", "configs:"]
    lines += ["- config_name: default", "  data_files:"]
    for path in files.values():
        found = HUGGING_FACE_SPLIT.fullmatch(path)
        assert found is not None
        lines += [f"  - split: {found[1]}", f"    path: {path}"]
    return "\n".join([*lines, "---", ""])


def _what(version: DatasetVersion, manifest: dict[str, Any], shape: Shape) -> str:
    counts = manifest["split_counts"]
    splits = ", ".join(f"{counts[split]} {Split(split).label.lower()}" for split in Split.values if counts[split])
    lines = [f"{manifest['rows']} {version.dataset.kind} ({splits})"]
    if version.dataset.kind == DatasetKind.COMPARISONS:
        lines[0] += f", {manifest['pairs']} pairs"
    lines[0] += "."
    lines.append(f"Shape: {shape.label}. Read by: {shape.reader}.")
    lines.append(f"Frozen by labelapp from the query `{json.dumps(version.query, sort_keys=True)}`,")
    lines.append(f"manifest sha256 `{version.sha256}`: equal digests are equal data.\n")
    return "\n".join(lines)


def _labelers(manifest: dict[str, Any]) -> str:
    if not manifest["labelers"]:
        return ""
    ranked = sorted(manifest["labelers"].items(), key=lambda item: (-item[1], item[0]))
    rows = "\n".join(f"| {pseudonym} | {count} |" for pseudonym, count in ranked)
    return f"## Who labeled\n\n| labeler | answers |\n|---|---:|\n{rows}\n"


def _agreement(manifest: dict[str, Any]) -> str:
    agreement = manifest["agreement"]
    if agreement is None:
        return ""
    rate, low, high = (100 * agreement[name] for name in ("rate", "low", "high"))
    return (
        f"## Agreement\n\nLabelers of the same task order {rate:.1f} % of its pairs alike (95 % interval "
        f"{low:.1f} % to {high:.1f} %; {agreement['pairs']} pairs of {agreement['tasks']} tasks; "
        "ties left out).\n"
    )


def _instructions(manifest: dict[str, Any]) -> str:
    counts = {entry["id"]: entry["rows"] for entry in manifest["instructions"]}
    versions = (
        InstructionVersion.objects.filter(pk__in=counts).select_related("project").order_by("project_id", "number")
    )
    parts = []
    for version in versions:
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", version.body)), default=0))
        title = f"### {_line(version.project.name)}, version {version.number} ({counts[version.pk]} answers)"
        parts.append(f"{title}\n\n{fence}markdown\n{version.body}\n{fence}\n")
    return "\n".join(["## What they were asked to do\n", *parts]) if parts else ""


def _limits(kind: str, manifest: dict[str, Any]) -> str:
    known = [warning["message"] for warning in manifest["warnings"]]
    limits = [*known, *ALWAYS, *(OF_RANKINGS if kind == DatasetKind.COMPARISONS else ())]
    return "\n".join(["## Known limits\n", *(f"- {_line(limit)}" for limit in limits), ""])


def _line(text: str) -> str:
    """A name in one line, in which nothing is Markdown or HTML."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", " ".join(text.split()))
