"""The laws of the whole way, from files of prompts to frozen versions, for any files: on the real database."""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from django.conf import settings as django_settings
from django.db import connection
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from formats.files import sha256_of
from labelapp.datasets.actions import create_dataset
from labelapp.datasets.models import DatasetVersion
from labelapp.datasets.writing import write_version
from labelapp.labeling.models import Submission
from labelapp.prompts.importing.actions import ImportOptions, confirm_import, import_incoming
from labelapp.prompts.importing.working import work_on
from labelapp.prompts.models import Prompt, PromptImport, Split, Submitter
from labelapp.prompts.splits import split_of
from tests.datasets.world import World, comparisons, demonstrations, project_query, submitter_in

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "Write a poem about the sea that a sailor sends home to the children who wait for him in the harbour of Bergen"
# Some are the same but for their spaces, some share their beginning, and some most of their words.
TEXTS = ["Name a tree", " Name a\ttree ", "Name a lake", "Name a hill", "Sum 2 and 3", f"{LONG}, in June.", f"{LONG}!"]
TEXTS += [f"In short: {LONG}", f"In brief: {LONG}", "Où est le café ?", "Où est le cafe\u0301 ?"]
# An example is as small as it gets, and takes too long to be made smaller.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
SUBMITTERS = ["", *(submitter_in(split) for split in Split.values), "acme", "5", "żółw", "someone"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file of prompts."""

    prompt: str
    submitter: str


files = st.lists(st.builds(Line, st.sampled_from(TEXTS), st.sampled_from(SUBMITTERS)), min_size=1, max_size=10)


@given(first=files, second=files, cap=st.integers(1, 3), compares=st.booleans(), unanswered=st.integers(0, 2))
@settings(max_examples=12, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_from_files_to_frozen_versions(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    first: list[Line],
    second: list[Line],
    cap: int,
    compares: bool,
    unanswered: int,
) -> None:
    monkeypatch.setattr(django_settings, "IMPORT_DIR", tmp_path)
    forget_everything()
    world = comparisons() if compares else demonstrations()
    kind = "comparisons" if compares else "demonstrations"
    dataset = create_dataset(f"{kind} {world.project.pk}", kind=kind, created_by=world.author)
    versions: list[DatasetVersion] = []
    for number, lines in enumerate((first, second)):
        new = bring_in(lines, cap=cap, world=world, name=f"{number}.jsonl")
        assert_deduplicated_and_capped(cap)
        world.ask(new[: max(1, len(new) - unanswered)])
        world.answer_all()
        for _ in range(2):
            made = DatasetVersion.objects.create(
                dataset=dataset, number=len(versions) + 1, query=project_query(world), created_by=world.author
            )
            write_version(made.pk)
            versions.append(DatasetVersion.objects.get(pk=made.pk))
    assert [version.state for version in versions] == ["ready"] * 4
    assert versions[0].rows_total, "in an empty workspace the first line is always new, and somebody answers it"
    for version in versions:
        assert_each_row_has_its_submission(version)
    assert_no_submitter_is_in_two_splits(versions)
    assert bytes_of(versions[0]) == bytes_of(versions[1])
    assert bytes_of(versions[2]) == bytes_of(versions[3])


def forget_everything() -> None:
    """Each example begins in an empty workspace; triggers refuse a DELETE."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE prompts_prompt, prompts_submitter, prompts_promptimport, datasets_dataset CASCADE")


def bring_in(lines: list[Line], *, cap: int, world: World, name: str) -> list[Prompt]:
    """Import a file; return the prompts that it brought."""
    rows = [{"prompt": line.prompt, **({"submitter": line.submitter} if line.submitter else {})} for line in lines]
    (django_settings.IMPORT_DIR / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    made = import_incoming(name, created_by=world.author, options=ImportOptions(cap_per_submitter=cap))
    work_on(made.pk)
    made.refresh_from_db()
    if made.good_count:
        confirm_import(made, on_error=PromptImport.OnError.KEEP_GOOD)
        work_on(made.pk)
        made.refresh_from_db()
        assert (made.state, made.imported_count) == ("imported", made.good_count)
    left_out = (getattr(made, f"{why}_count") for why in ("duplicate", "prefix", "near", "over_cap"))
    assert made.good_count + sum(left_out) == made.line_count == len(lines), "each line is kept, or dropped and counted"
    return list(Prompt.objects.filter(prompt_import=made).order_by("pk"))


def assert_deduplicated_and_capped(cap: int) -> None:
    """No prompt stands twice, nobody has more than the cap, and a key says the split."""
    words = [" ".join(normalize("NFC", text).split()) for text in Prompt.objects.values_list("text", flat=True)]
    assert len(words) == len(set(words))
    for submitter in Submitter.objects.all():
        assert submitter.prompts.count() <= (1 if submitter.key.startswith("anonymous:") else cap)
        assert submitter.split == split_of(submitter.key)


def assert_each_row_has_its_submission(version: DatasetVersion) -> None:
    """Line by line: what the file says is what its submission says, and every answer is there once."""
    seen: set[int] = set()
    rows = {(row.split, row.number): row for row in version.rows.select_related("submission__labeler")}
    for split in Split.values:
        for number, line in enumerate(lines_of(version, split)):
            row = rows.pop((split, number))
            submission: Any = row.submission
            assert (line["id"], line["split"]) == (str(submission.pk), split)
            assert (line["prompt_id"], line["labeler"]) == (str(row.prompt_id), submission.labeler.pseudonym)
            assert submission.task.prompt_id == row.prompt_id
            seen.add(submission.pk)
    assert not rows, "a row without its line"
    if version.number in (3, 4):
        assert seen == set(Submission.objects.values_list("pk", flat=True))


def assert_no_submitter_is_in_two_splits(versions: list[DatasetVersion]) -> None:
    """Not within a version, and not between one before a later import and one after it."""
    found = defaultdict(set)
    for version in versions:
        for split in Split.values:
            for line in lines_of(version, split):
                found[Prompt.objects.get(pk=line["prompt_id"]).submitter_id].add(split)
    assert all(len(splits) == 1 for splits in found.values()), found


def lines_of(version: DatasetVersion, split: str) -> list[dict[str, Any]]:
    """The lines of one of a version's files; none where it has no such file."""
    path = django_settings.DATA_DIR / version.directory / f"{split}.jsonl"
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def bytes_of(version: DatasetVersion) -> dict[str, str]:
    """The digest of each of its files, the manifest too."""
    folder: Path = django_settings.DATA_DIR / version.directory
    return {path.name: sha256_of(path) for path in folder.iterdir()}
