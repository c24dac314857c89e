"""What an import forgets: the copies that it made of people's texts, as soon as nothing needs them any more.

A prompt's text is on the prompt, where it can be redacted; each copy would be readable after that. So an upload is
deleted once it is read, a line once it is written, and of a line that is left out only the reason stays, with its
beginning where that is not the text of a prompt. Nothing at all stays of a line without consent.
"""

import shutil
from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from labelapp.prompts.import_models import ImportLine, PromptImport
from labelapp.prompts.importing.bad_lines import bad_lines_path, forget_texts
from labelapp.prompts.record_models import PiiReview

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
# What repeats a line that goes is decided anew.
UNTIE = """
UPDATE prompts_importline line SET duplicate_of_line = NULL FROM prompts_importline gone
WHERE gone.submitter = ANY(%(keys)s) AND gone.model = coalesce(%(model)s, gone.model)
  AND line.prompt_import_id = gone.prompt_import_id AND line.duplicate_of_line = gone.line
"""
FORGET_SENT = """
DELETE FROM prompts_importline WHERE submitter = ANY(%(keys)s) AND model = coalesce(%(model)s, model)
"""


def is_withheld() -> Q:
    """Whether a line says what somebody redacted: in its own prompt, or in the one that it, or its like, repeats."""
    twin = ImportLine.objects.filter(prompt_import=OuterRef("prompt_import"), line=OuterRef("duplicate_of_line"))
    return (
        Q(Exists(REDACTED.filter(prompt=OuterRef("duplicate_of"))))
        | Q(Exists(REDACTED.filter(prompt__dedup_key=OuterRef("dedup_key"))))
        | Q(Exists(twin.filter(Exists(REDACTED.filter(prompt=OuterRef("duplicate_of"))))))
    )


@transaction.atomic
def forget_lines_of(keys: Collection[str], *, model: str | None = None) -> None:
    """Delete the lines that these submitters sent (to `model`), waiting for a confirmation or left out."""
    bound = {"keys": list(keys), "model": model}
    with connection.cursor() as cursor:
        cursor.execute(UNTIE, bound)
        cursor.execute(FORGET_SENT, bound)


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
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        PromptImport.objects.filter(pk=found.pk).update(file_path="")


def old_previews() -> list[int]:
    """The previews that nobody has confirmed for so long that nobody will."""
    long_ago = timezone.now() - timedelta(days=PREVIEW_DAYS)
    found = PromptImport.objects.filter(state__in=(State.PREVIEWED, State.REFUSED), rung_at__lt=long_ago)
    return list(found.order_by("pk").values_list("pk", flat=True))
