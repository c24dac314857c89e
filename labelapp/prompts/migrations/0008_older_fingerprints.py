"""Prompts from before 0003 have no fingerprints, and so were never found as near-duplicates: they get them.

A batch at a time, each committed by itself: what was done stays when it is stopped, and nobody waits for all of it.
"""

from typing import Any

from django.db import migrations, transaction

BATCH_PROMPTS = 2000


def add_fingerprints(apps: Any, schema_editor: Any) -> None:
    """Give fingerprints to the prompts that have none yet."""
    after: int | None = 0
    while after is not None:
        after = _next_batch(apps.get_model("prompts", "Prompt"), after)


@transaction.atomic
def _next_batch(prompts: Any, after: int) -> int | None:
    """Do those of a batch after the id `after`, and return its last id: None where there is no more to do."""
    from formats.messages import Message
    from labelapp.prompts.importing.near import compared_text, fingerprints

    bare = prompts.objects.select_for_update(no_key=True).filter(fingerprints=[], pk__gt=after).order_by("pk")
    found = list(bare.only("messages", "kind")[:BATCH_PROMPTS])
    for prompt in found:
        turns = [Message(turn["role"], turn["content"]) for turn in prompt.messages]
        prompt.fingerprints = fingerprints(compared_text(turns, kind=prompt.kind))
    prompts.objects.bulk_update(found, ["fingerprints"])
    return found[-1].pk if found else None


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("prompts", "0007_copies_forgotten")]
    operations = [migrations.RunPython(add_fingerprints, migrations.RunPython.noop)]
