"""Third step of an import, after it was confirmed: its new lines become prompts, a batch at a time.

Each batch is one transaction with the position after it. What stays of the table of lines is what was not written.
"""

from django.db import connection, transaction
from django.utils import timezone

from labelapp.prompts.import_models import ImportLine, PromptImport
from labelapp.prompts.importing.claiming import advance, lock_lines
from labelapp.prompts.importing.deciding import WITHOUT_CONSENT, is_repeat, needs_consent
from labelapp.prompts.importing.forgetting import FORGET_LEFT_OUT, forget_bad_texts, forget_wished
from labelapp.prompts.importing.undoing import used_by
from labelapp.prompts.models import Response, SampleBatch

BATCH_LINES = 2000

LAST_OF_BATCH = """
SELECT max(line), count(*), count(*) FILTER (WHERE responses IS NOT NULL) FROM (
    SELECT line, responses FROM prompts_importline WHERE prompt_import_id = %(id)s AND line > %(after)s
    ORDER BY line LIMIT %(batch)s) next
"""
BATCH = "line.prompt_import_id = %(id)s AND line.line > %(after)s AND line.line <= %(last)s"
OWNER = "CASE line.submitter WHEN '' THEN 'anonymous:' || left(line.dedup_key, 32) ELSE line.submitter END"
INSERT_SUBMITTERS = f"""
INSERT INTO prompts_submitter (key, split, created_at)
SELECT DISTINCT ON (1) {OWNER}, line.split, now() FROM prompts_importline line WHERE {BATCH} AND line.verdict = 'new'
ORDER BY 1 ON CONFLICT (key) DO NOTHING
"""  # noqa: S608 - of constants
INSERT_PROMPTS = f"""
INSERT INTO prompts_prompt (messages, text, kind, use_case, submitter_id, language, annotations, deployment_context,
                            model, dedup_key, fingerprints, prompt_import_id, import_line, created_by_id, created_at)
SELECT line.messages, line.text, line.kind, line.use_case, submitter.id, line.language, line.annotations,
       line.deployment_context, line.model, line.dedup_key, line.fingerprints, %(id)s, line.line, %(by)s, now()
FROM prompts_importline line JOIN prompts_submitter submitter ON submitter.key = {OWNER}
WHERE {BATCH} AND line.verdict = 'new' ORDER BY line.line
ON CONFLICT (dedup_key) DO NOTHING
"""  # noqa: S608
# Before rows that refer to them lock them, in whatever order: who undoes their import locks them in the same one.
LOCK_KNOWN = f"""
SELECT FROM prompts_prompt WHERE dedup_key IN (SELECT line.dedup_key FROM prompts_importline line WHERE {BATCH})
  AND prompt_import_id IS DISTINCT FROM %(id)s
ORDER BY id FOR KEY SHARE
"""  # noqa: S608
# Those of new prompts and of prompts that were there; numbered on from what the batch has of a prompt. Two logs, or one
# that is read twice, may hold the same answer.
INSERT_RESPONSES = f"""
INSERT INTO prompts_response (prompt_id, batch_id, number, text, finish_reason, created_at)
SELECT prompt.id, %(responses)s, row_number() OVER (PARTITION BY prompt.id ORDER BY line.line, said.place) - 1 + (
           SELECT coalesce(max(number) + 1, 0) FROM prompts_response
           WHERE prompt_id = prompt.id AND batch_id = %(responses)s),
       said.text, '', now()
FROM prompts_importline line JOIN prompts_prompt prompt ON prompt.dedup_key = line.dedup_key
CROSS JOIN LATERAL jsonb_array_elements_text(line.responses) WITH ORDINALITY said(text, place)
WHERE {BATCH} AND line.responses IS NOT NULL AND (line.verdict = 'new' OR line.verdict = 'duplicate' AND %(all)s)
  AND NOT (%(is_log)s AND EXISTS (
      SELECT FROM prompts_response known JOIN prompts_samplebatch batch ON batch.id = known.batch_id
      JOIN prompts_promptimport import ON import.id = batch.prompt_import_id
      WHERE known.prompt_id = prompt.id AND known.text = said.text
        AND import.file_format = 'chat_log' AND import.id <> %(id)s))
"""  # noqa: S608
# A withdrawal of consent that comes meanwhile waits for the batch, and then finds its prompts; whether the lines needed
# one or not. It is of a model.
LOCK_SENDERS = f"""
SELECT FROM prompts_submitter WHERE key IN (SELECT line.submitter FROM prompts_importline line
                                             WHERE {BATCH} AND line.model <> '')
ORDER BY id FOR SHARE
"""  # noqa: S608
# The planner does not know yet how many prompts the import has: either side of the join is bounded by the batch.
FORGET_WRITTEN = f"""
DELETE FROM prompts_importline line USING prompts_prompt prompt
WHERE {BATCH} AND line.verdict = 'new' AND prompt.prompt_import_id = %(id)s AND prompt.import_line = line.line
  AND prompt.import_line > %(after)s AND prompt.import_line <= %(last)s
"""  # noqa: S608
# Somebody sent it after the lines were decided.
NAME_LATE_DUPLICATES = f"""
UPDATE prompts_importline line SET verdict = 'duplicate', duplicate_of_id = prompt.id
FROM prompts_prompt prompt WHERE {BATCH} AND line.verdict = 'new' AND prompt.dedup_key = line.dedup_key
"""  # noqa: S608
# Not a join, which would read all of the import's prompts for each line where the planner takes them for a few.
NAME_KEPT = """
UPDATE prompts_importline line SET duplicate_of_id = (
    SELECT id FROM prompts_prompt WHERE prompt_import_id = %(id)s AND import_line = line.duplicate_of_line)
WHERE prompt_import_id = %(id)s AND duplicate_of_line IS NOT NULL AND duplicate_of_id IS NULL
"""


def write_lines(claimed: PromptImport) -> None:
    """Write what is decided and not yet written. Raises ClaimLost."""
    advance(claimed, steps_total=claimed.line_count)
    while _write_batch(claimed):
        pass
    with transaction.atomic(), connection.cursor() as cursor:
        lock_lines(claimed.pk)
        cursor.execute(NAME_KEPT, {"id": claimed.pk})
        # It repeated what is here: a batch by its name would only stand in the way of the one that has the responses.
        SampleBatch.objects.filter(~used_by(SampleBatch), prompt_import=claimed).delete()
        late = ImportLine.objects.filter(prompt_import=claimed, verdict=ImportLine.Verdict.DUPLICATE).count()
        unagreed = ImportLine.objects.filter(prompt_import=claimed, verdict=ImportLine.Verdict.NO_CONSENT).count()
        advance(
            claimed,
            **forget_bad_texts(claimed),
            state=PromptImport.State.IMPORTED,
            imported_at=claimed.imported_at or timezone.now(),
            good_count=claimed.imported_count,
            duplicate_count=late,
            no_consent_count=unagreed,
            response_count=Response.objects.filter(batch__prompt_import=claimed).count(),
            steps_done=claimed.steps_total,
        )


@transaction.atomic
def _write_batch(claimed: PromptImport) -> bool:
    """Write the next lines; say whether there were any."""
    bound = {"id": claimed.pk, "by": claimed.created_by_id, "after": claimed.position.get("written", 0)}
    lock_lines(claimed.pk)
    with connection.cursor() as cursor:
        cursor.execute(LAST_OF_BATCH, {**bound, "batch": BATCH_LINES})
        last, count, answered = cursor.fetchone()
        if not count:
            return False
        bound["last"] = last
        cursor.execute(LOCK_SENDERS, bound)
        forget_wished(claimed.pk)
        if needs_consent(claimed):
            cursor.execute(WITHOUT_CONSENT, bound)
        cursor.execute(INSERT_SUBMITTERS, bound)
        cursor.execute(INSERT_PROMPTS, bound)
        written = cursor.rowcount
        if answered or written < count:
            cursor.execute(LOCK_KNOWN, bound)
        if answered:
            is_log = claimed.file_format == PromptImport.Format.CHAT_LOG
            said = {"responses": _sample_batch(claimed).pk, "all": not is_repeat(claimed), "is_log": is_log}
            cursor.execute(INSERT_RESPONSES, {**bound, **said})
        cursor.execute(FORGET_WRITTEN, bound)
        if written < count:
            cursor.execute(NAME_LATE_DUPLICATES, bound)
            cursor.execute(FORGET_LEFT_OUT, bound)
    advance(
        claimed,
        position={**claimed.position, "written": last},
        imported_count=claimed.imported_count + written,
        steps_done=last,
    )
    return True


def _sample_batch(claimed: PromptImport) -> SampleBatch:
    """The batch of all responses that this import brings."""
    batch, _ = SampleBatch.objects.get_or_create(prompt_import=claimed, defaults={"name": str(claimed)[:160]})
    return batch
