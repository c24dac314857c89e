"""A newcomer can freeze the demo workspace and train on it at once."""

import pytest
from django.conf import settings
from django.core.management import call_command

from formats.codec import Format
from formats.jsonl import read_jsonl
from formats.records import Demonstration, Prompt, Ranking
from labelapp.datasets.actions import create_dataset
from labelapp.datasets.models import DatasetVersion
from labelapp.datasets.writing import write_version
from labelapp.labeling.models import Project
from tests.people import make_user

RECORDS: dict[str, tuple[str, type[Format]]] = {
    "comparisons": ("Already ranked (demo)", Ranking),
    "demonstrations": ("Write demonstrations", Demonstration),
    "prompts": ("Rank the demo responses", Prompt),
}


@pytest.mark.django_db(transaction=True)
def test_the_demo_freezes_into_datasets_with_every_split() -> None:
    call_command("load_demo")
    for kind, (name, record) in RECORDS.items():
        project = Project.objects.get(name=name)
        dataset = create_dataset(kind, kind=kind, created_by=make_user("researcher"))
        version = DatasetVersion.objects.create(dataset=dataset, number=1, query={"project_ids": [project.pk]})
        write_version(version.pk)
        version.refresh_from_db()
        assert version.state == "ready", version.error
        for split in ("train", "valid", "test"):
            rows = list(read_jsonl(settings.DATA_DIR / version.directory / f"{split}.jsonl", record))
            assert len(rows) == version.split_counts[split] > 0
        if kind == "comparisons":
            assert version.pair_count > 4 * sum(version.split_counts.values()), "of the six that four responses have"
