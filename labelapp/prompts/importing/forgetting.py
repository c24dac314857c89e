"""What an import forgets: the copies that it made of people's texts, as soon as nothing needs them any more.

A prompt's text is on the prompt, where it can be redacted; each copy would be readable after that. So an upload is
deleted once it is read, a line once it is written, and of a line that is left out only the reason stays, with its
beginning where that is not the text of a prompt. Nothing at all stays of a line without consent.
"""

import shutil
from collections.abc import Iterable
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from labelapp.common.enqueue import enqueue_on_commit
from labelapp.prompts import tasks
from labelapp.prompts.import_models import Forgetting, ImportLine, PromptImport
from labelapp.prompts.importing.bad_lines import bad_lines_path, forget_texts
from labelapp.prompts.importing.claiming import lock_lines
from labelapp.prompts.models import Submitter
from labelapp.prompts.record_models import PiiReview

logger = structlog.get_logger(__name__)

SHOWN_CHARACTERS = 300
PREVIEW_DAYS = 30
State = PromptImport.State
REDACTED = PiiReview.objects.filter(original_messages__isnull=False).order_by()

# Lines that were left out for good; what of them might be another's redacted text goes, too.
FORGET_LEFT_OUT = f"""
UPDATE prompts_importline line SET messages = '[]', responses = NULL, annotations = '{{}}', deployment_context = '',
    text = CASE WHEN verdict IN ('duplicate', 'no_consent') OR EXISTS (
        SELECT FROM prompts_piireview review
        WHERE review.prompt_id = line.duplicate_of_id AND review.original_messages IS NOT NULL
    ) THEN '' ELSE left(text, {SHOWN_CHARACTERS}) END
WHERE prompt_import_id = %(id)s AND line > %(after)s AND line <= %(last)s AND verdict <> 'new'
"""  # noqa: S608 - of a constant
IS_WISHED = """EXISTS (
    SELECT FROM prompts_forgetting wish JOIN prompts_submitter submitter ON submitter.id = wish.submitter_id
    WHERE submitter.key = gone.submitter AND wish.model IN ('', gone.model))
"""
HOLDING = f"SELECT DISTINCT prompt_import_id FROM prompts_importline gone WHERE {IS_WISHED} ORDER BY 1"  # noqa: S608
# What repeats a line that goes is decided anew; of an import that is being written, it is taken for new: what of it was
# written meanwhile is found by its key.
UNTIE = f"""
UPDATE prompts_importline line SET duplicate_of_line = NULL, verdict = CASE
    WHEN import.state = 'importing' AND line.line > coalesce((import.position ->> 'written')::bigint, 0)
         AND line.verdict IN ('duplicate', 'prefix', 'near') THEN 'new' ELSE line.verdict END
FROM prompts_importline gone JOIN prompts_promptimport import ON import.id = gone.prompt_import_id
WHERE gone.prompt_import_id = %(id)s AND {IS_WISHED}
  AND line.prompt_import_id = %(id)s AND line.duplicate_of_line = gone.line
"""  # noqa: S608 - of constants
FORGET_SENT = f"DELETE FROM prompts_importline gone WHERE prompt_import_id = %(id)s AND {IS_WISHED}"  # noqa: S608


def is_withheld() -> Q:
    """Whether a line says what somebody redacted: in its own prompt, or in the one that it, or its like, repeats.

    Or what somebody wished erased who sent the prompt that it repeats.
    """
    twin = ImportLine.objects.filter(prompt_import=OuterRef("prompt_import"), line=OuterRef("duplicate_of_line"))
    return (
        Q(duplicate_of__submitter__erased_at__isnull=False)
        | Q(Exists(REDACTED.filter(prompt=OuterRef("duplicate_of"))))
        | Q(Exists(REDACTED.filter(prompt__dedup_key=OuterRef("dedup_key"))))
        | Q(Exists(twin.filter(Exists(REDACTED.filter(prompt=OuterRef("duplicate_of"))))))
        | Q(Exists(twin.filter(Exists(REDACTED.filter(prompt__dedup_key=OuterRef("dedup_key"))))))
    )


def wish_forgotten(submitters: Iterable[Submitter], *, model: str = "") -> None:
    """Let a worker delete the lines that these sent (to `model`), waiting for a confirmation or left out."""
    Forgetting.objects.bulk_create(Forgetting(submitter=one, model=model) for one in submitters)
    enqueue_on_commit(tasks.forget_lines)


def forget_all_wished() -> None:
    """Delete the lines that somebody wished forgotten, but of an import that is at work: that is for the next time."""
    wishes = list(Forgetting.objects.values_list("pk", flat=True))
    if not wishes:
        return
    with connection.cursor() as cursor:
        cursor.execute(HOLDING)
        ids = [pk for (pk,) in cursor.fetchall()]
    done = [pk for pk in ids if _forget_if_idle(pk)]
    if done == ids:
        Forgetting.objects.filter(pk__in=wishes).delete()


@transaction.atomic
def _forget_if_idle(import_id: int) -> bool:
    is_idle = lock_lines(import_id, waits=False)
    if is_idle:
        forget_wished(import_id)
    return is_idle


def forget_wished(import_id: int) -> None:
    """Delete what an import holds of what somebody wished forgotten. Its lines are locked."""
    if not Forgetting.objects.exists():
        return
    with connection.cursor() as cursor:
        cursor.execute(UNTIE, {"id": import_id})
        cursor.execute(FORGET_SENT, {"id": import_id})


def forget_alike(prompt_id: int) -> None:
    """Forget what lines said that were left out because they are like a prompt that was redacted."""
    # What may still be written has its messages yet; it is withheld until then.
    ImportLine.objects.filter(duplicate_of=prompt_id, messages=[]).update(text="")


def forget_bad_texts(claimed: PromptImport) -> dict[str, object]:
    """Take the texts out of the bad lines' file; return the fields of the import without them."""
    bad = [{**line, "text": ""} for line in claimed.report.get("bad", [])]
    size = forget_texts(bad_lines_path(claimed))
    return {"report": {**claimed.report, "bad": bad}, "position": {**claimed.position, "bad_bytes": size}}


def forget_sources() -> None:
    """Delete uploads, and what was fetched from the hub, once they are read. What others put somewhere stays there."""
    read = PromptImport.objects.exclude(state=State.CHECKING).filter(file_path__startswith="imports/")
    for found in read.order_by("pk"):
        path = settings.DATA_DIR / found.file_path
        try:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError:
            logger.exception("an upload that was read cannot be deleted", prompt_import=found.pk)
            continue
        PromptImport.objects.filter(pk=found.pk).update(file_path="")


def old_previews() -> QuerySet[PromptImport]:
    """The previews that nobody has confirmed for so long that nobody will."""
    long_ago = timezone.now() - timedelta(days=PREVIEW_DAYS)
    return PromptImport.objects.filter(state__in=(State.PREVIEWED, State.REFUSED), rung_at__lt=long_ago).order_by("pk")
