"""Undoing an import: what nobody has used goes, what somebody has is archived and named.

"Used" is whatever refers to it, from wherever: tasks, datasets, reports, reviews, other batches' responses. The
relations are read from the models, so that a new one counts from the day it is made.
"""

from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from labelapp.prompts.import_models import ImportLine, PromptImport
from labelapp.prompts.importing.claiming import advance, lock_lines
from labelapp.prompts.importing.forgetting import forget_bad_texts
from labelapp.prompts.models import Prompt, Response, SampleBatch

BATCH_PROMPTS = 1000
KEPT_SHOWN = 200


def undo(claimed: PromptImport) -> None:
    """Take back what is left of the import. Raises ClaimLost."""
    advance(claimed, steps_total=claimed.imported_count, steps_done=0)
    while _undo_responses(claimed):
        pass
    while _undo_prompts(claimed):
        pass
    with transaction.atomic():
        lock_lines(claimed.pk)
        SampleBatch.objects.filter(~used_by(SampleBatch), prompt_import=claimed).delete()
        ImportLine.objects.filter(prompt_import=claimed).delete()
        done = {"state": PromptImport.State.UNDONE, "follows": False, "steps_done": claimed.steps_total}
        advance(claimed, **done, **forget_bad_texts(claimed))


@transaction.atomic
def _undo_responses(claimed: PromptImport) -> bool:
    """Delete the next responses that nothing refers to; say whether there were any."""
    ids = list(
        Response.objects.select_for_update()
        .filter(~used_by(Response), batch__prompt_import=claimed)
        .order_by("pk")
        .values_list("pk", flat=True)[:BATCH_PROMPTS]
    )
    _delete("prompts_response", ids)
    taken = claimed.position.get("undone_responses", 0) + len(ids)
    # How far it is: a worker that dies later has got somewhere.
    advance(claimed, position={**claimed.position, "undone_responses": taken})
    return bool(ids)


@transaction.atomic
def _undo_prompts(claimed: PromptImport) -> bool:
    """Delete or archive the next prompts; say whether there were any."""
    after = claimed.position.get("undone", 0)
    found = Prompt.objects.filter(prompt_import=claimed, import_line__gt=after).order_by("import_line")
    batch = found.values_list("pk", "import_line")[:BATCH_PROMPTS]
    # Lines before prompts, and in the order of the imports: as whoever writes an import locks them.
    locked = _lock_lines_about([pk for pk, _ in batch])
    prompts = list(batch.select_for_update())
    if not prompts:
        return False
    if not _imports_about([pk for pk, _ in prompts]) <= locked:
        return True  # one was dropped in their favour meanwhile: look again
    used = Prompt.objects.filter(used_by(Prompt), pk__in=[pk for pk, _ in prompts])
    kept = list(used.order_by("pk").values_list("pk", flat=True))
    Prompt.objects.filter(pk__in=kept, archived_at=None).update(archived_at=timezone.now())
    gone = sorted({pk for pk, _ in prompts} - set(kept))
    ImportLine.objects.filter(duplicate_of__in=gone).update(duplicate_of=None)
    _delete("prompts_prompt", gone)
    advance(
        claimed,
        position={**claimed.position, "undone": prompts[-1][1]},
        steps_done=claimed.steps_done + len(prompts),
        removed_count=claimed.removed_count + len(gone),
        archived_count=claimed.archived_count + len(kept),
        report={**claimed.report, "kept": [*claimed.report.get("kept", []), *kept][:KEPT_SHOWN]},
    )
    return True


def _lock_lines_about(prompt_ids: list[int]) -> set[int]:
    """Lock the lines of all imports that left some out in favour of these prompts; return the imports."""
    imports = _imports_about(prompt_ids)
    for import_id in sorted(imports):
        lock_lines(import_id)
    return imports


def _imports_about(prompt_ids: list[int]) -> set[int]:
    lines = ImportLine.objects.filter(duplicate_of__in=prompt_ids).order_by()
    return set(lines.values_list("prompt_import", flat=True).distinct())


def used_by(model: type[models.Model]) -> models.Q:
    """The condition that some row refers to a row of `model`, other than a line that was dropped in its favour."""
    condition = models.Q()
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel) or relation.related_model is ImportLine:
            continue
        rows: Any = relation.related_model._base_manager.filter(**{relation.field.attname: models.OuterRef("pk")})
        condition |= models.Q(models.Exists(rows))
    return condition


def _delete(table: str, ids: list[int]) -> None:
    """Delete rows that nothing refers to, without Django's asking each relation again."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE id = ANY(%s)", [ids])  # noqa: S608 - a constant's name
