"""The same change to many prompts at once: those that were picked, or all that a filter finds.

Each is one transaction of a few statements, however many prompts it changes, and keeps what it really changed, so that
undoing it leaves alone what was so before. A small one is done in the request, a large one by a worker: it holds no
claim but the lock on its row, which goes with a worker that dies.
"""

from collections.abc import Callable
from typing import Any

import structlog
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.utils import timezone
from psycopg.errors import QueryCanceled

from labelapp.accounts.models import User
from labelapp.common.enqueue import enqueue_on_commit
from labelapp.common.errors import Conflict, NotFound
from labelapp.common.events import publish_on_commit
from labelapp.prompts.change_models import PromptChange
from labelapp.prompts.erased import shown
from labelapp.prompts.models import Prompt
from labelapp.prompts.queries import PromptFilter
from labelapp.prompts.record_models import Consent

Action, State = PromptChange.Action, PromptChange.State
# So many are changed within a person's patience.
AT_ONCE = 2_000
# A worker's change is five statements, and must end before a task may take no longer (CELERY_TASK_SOFT_TIME_LIMIT).
STATEMENT_SECONDS = 300
logger = structlog.get_logger(__name__)

# Of each prompt the tags that it lacks, or has; {} where it is archived or brought back.
LACKED = 'ARRAY(SELECT unnest(%s::varchar[]) EXCEPT SELECT unnest("prompts_prompt"."tags") ORDER BY 1)'
HAD = 'ARRAY(SELECT unnest(%s::varchar[]) INTERSECT SELECT unnest("prompts_prompt"."tags") ORDER BY 1)'
NONE = "%s::varchar[]"
NOTE = """
INSERT INTO prompts_promptchangepart (change_id, tags, prompt_ids)
SELECT %s, changed, array_agg(id ORDER BY id) FROM ({chosen}) chosen(id, changed) GROUP BY changed
"""
ADD_TAGS = """
UPDATE prompts_prompt prompt SET tags = ARRAY(SELECT DISTINCT unnest(prompt.tags || part.tags) ORDER BY 1)
FROM (SELECT tags, unnest(prompt_ids) AS id FROM prompts_promptchangepart WHERE change_id = %s) part
WHERE prompt.id = part.id AND NOT prompt.tags @> part.tags
"""
REMOVE_TAGS = """
UPDATE prompts_prompt prompt SET tags = ARRAY(
    SELECT tag FROM unnest(prompt.tags) tag WHERE tag <> ALL(part.tags) ORDER BY 1)
FROM (SELECT tags, unnest(prompt_ids) AS id FROM prompts_promptchangepart WHERE change_id = %s) part
WHERE prompt.id = part.id AND prompt.tags && part.tags
"""
# A withdrawal of consent that comes meanwhile waits, and then finds what was brought back.
LOCK_SENDERS = """
SELECT id FROM prompts_submitter WHERE id IN (SELECT chosen.submitter_id FROM ({chosen}) chosen) ORDER BY id FOR SHARE
"""
OF_CHANGE = "SELECT unnest(prompt_ids) FROM prompts_promptchangepart WHERE change_id = %s"


@transaction.atomic
def change_prompts(
    *, action: str, tags: list[str], created_by: User, prompt_ids: list[int] | None = None, chosen: Any = None
) -> PromptChange:
    """Do the same to the prompts of `prompt_ids`, or to all that the filter `chosen` finds; many by a worker.

    Raises Conflict where some may not be brought back.
    """
    change = PromptChange.objects.create(
        action=action, tags=sorted(set(tags)), prompt_ids=prompt_ids, filter=chosen, created_by=created_by
    )
    if _meant(change).order_by().values("pk")[: AT_ONCE + 1].count() > AT_ONCE:
        _ring(change)
    else:
        _do(change)
    return change


@transaction.atomic
def undo_change(change_id: int) -> PromptChange:
    """Take a change back where it still stands. Raises NotFound, and Conflict where it is not done, or undone."""
    change = PromptChange.objects.select_for_update().filter(pk=change_id).first()
    if change is None:
        raise NotFound("There is no such change.")
    if change.state != State.DONE:
        raise Conflict(
            f"Only what is done can be undone; this is {change.get_state_display().lower()}.", code="not_done"
        )
    change.state, change.error = State.UNDOING, ""
    change.save(update_fields=["state", "error"])
    if change.changed_count > AT_ONCE:
        _ring(change)
    else:
        _undo(change)
    return change


@transaction.atomic
def work_on_change(change_id: int) -> None:
    """Do what a change waits for, unless another worker is at it."""
    change = PromptChange.objects.select_for_update(skip_locked=True).filter(pk=change_id).first()
    if change is not None and change.state == State.WAITING:
        _try(change, _do, otherwise=State.REFUSED)
    elif change is not None and change.state == State.UNDOING:
        _try(change, _undo, otherwise=State.DONE)


def _try(change: PromptChange, step: Callable[[PromptChange], None], *, otherwise: str) -> None:
    """Take a step whole; where it can never be, note why, or the sweeper would ring for it for ever."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{STATEMENT_SECONDS}s"])
            step(change)
        return
    except Conflict as refused:
        change.error = refused.message
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise  # the database went away, or two waited for each other: the next bell may do it
        change.error = "It took too long and was taken back. Choose fewer prompts at a time."
    except DatabaseError as error:
        logger.exception("change to many prompts stopped", change=change.pk)
        change.error = f"The database refused it: {str(error).splitlines()[0]}"
    _finish(change, state=otherwise)


def changes_to_do() -> list[int]:
    """The changes that wait for a worker, or whose worker died."""
    return list(
        PromptChange.objects.filter(state__in=(State.WAITING, State.UNDOING))
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def changes() -> QuerySet[PromptChange]:
    """All changes, the newest first."""
    return PromptChange.objects.select_related("created_by").defer("prompt_ids").order_by("-pk")


def access_change(change_id: int) -> PromptChange:
    """Return one change. Raises NotFound."""
    change = changes().filter(pk=change_id).first()
    if change is None:
        raise NotFound("There is no such change.")
    return change


def lock_prompts(prompts: QuerySet[Prompt]) -> None:
    """Lock prompts in the order of their ids, after their submitters: two that change the same ones wait."""
    chosen = prompts.order_by("pk").select_for_update(of=("self",), no_key=True).values("pk")
    sql, parameters = chosen.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({sql}) locked", parameters)  # noqa: S608 - Django's own SQL


def check_restorable(prompts: QuerySet[Prompt]) -> None:
    """Raise Conflict where the consent to what was sent is withdrawn: that stays archived."""
    withdrawn = prompts.alias(consent=_latest_consent()).filter(consent=Consent.Action.WITHDRAWN)
    if count := withdrawn.count():
        raise Conflict(
            f"Prompts whose submitter has withdrawn the consent to their use stay archived ({count} of those here).",
            code="consent_withdrawn",
            prompt_ids=list(withdrawn.order_by("pk").values_list("pk", flat=True)[:100]),
        )


def of_locked_senders(prompts: QuerySet[Prompt]) -> QuerySet[Prompt]:
    """Lock the submitters of these prompts, before anything else is, and return the prompts that are theirs."""
    sql, parameters = prompts.order_by().values("submitter_id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(LOCK_SENDERS.format(chosen=sql), parameters)
        senders = [pk for (pk,) in cursor.fetchall()]
    return prompts.filter(submitter__in=RawSQL("SELECT unnest(%s::bigint[])", [senders]))


def _latest_consent() -> Subquery:
    record = Consent.objects.filter(submitter=OuterRef("submitter"), model=OuterRef("model")).order_by("-id")
    return Subquery(record.values("action")[:1])


def _meant(change: PromptChange) -> QuerySet[Prompt]:
    """The prompts that the change would change."""
    if change.filter is None:
        prompts = shown(Prompt.objects.filter(pk__in=change.prompt_ids or []))
    else:
        prompts = PromptFilter(**change.filter).apply(Prompt.objects.all())
    if change.action == Action.ARCHIVE:
        return prompts.filter(archived_at=None)
    if change.action == Action.RESTORE:
        return prompts.exclude(archived_at=None)
    if change.action == Action.ADD_TAGS:
        return prompts.exclude(tags__contains=change.tags)
    return prompts.filter(tags__overlap=change.tags)


def _do(change: PromptChange) -> None:
    meant = _meant(change)
    _note(change, of_locked_senders(meant) if change.action == Action.RESTORE else meant)
    change.done_at = timezone.now()
    if change.action == Action.RESTORE:
        check_restorable(_changed(change))
    change.changed_count = _apply(change, change.action)
    _finish(change, state=State.DONE)


def _note(change: PromptChange, meant: QuerySet[Prompt]) -> None:
    """Lock the prompts, in one order so that two changes wait for each other, and note them by what is changed."""
    changed = {Action.ADD_TAGS: LACKED, Action.REMOVE_TAGS: HAD}.get(Action(change.action), NONE)
    chosen = (
        meant.select_for_update(of=("self",), no_key=True)  # who only refers to a prompt need not wait
        .order_by("pk")
        .annotate(changed=RawSQL(changed, [change.tags]))  # noqa: S611 - constants of this module
        .values_list("pk", "changed")
    )
    sql, parameters = chosen.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(NOTE.format(chosen=sql), [change.pk, *parameters])


def _changed(change: PromptChange) -> QuerySet[Prompt]:
    return Prompt.objects.filter(pk__in=RawSQL(OF_CHANGE, [change.pk]))  # noqa: S611 - a constant


def _apply(change: PromptChange, action: str) -> int:
    """Do to the noted prompts what is not so already; return how many are different now."""
    if action == Action.ARCHIVE:
        return _changed(change).filter(archived_at=None).update(archived_at=change.done_at)
    if action == Action.RESTORE:
        return _changed(change).exclude(archived_at=None).update(archived_at=None)
    with connection.cursor() as cursor:
        cursor.execute(ADD_TAGS if action == Action.ADD_TAGS else REMOVE_TAGS, [change.pk])
        return int(cursor.rowcount)


def _undo(change: PromptChange) -> None:
    if change.action == Action.ARCHIVE:
        # Not what was brought back and archived again, nor what must stay archived.
        still = of_locked_senders(_changed(change)).filter(archived_at=change.done_at).alias(consent=_latest_consent())
        allowed = still.filter(Q(consent=None) | ~Q(consent=Consent.Action.WITHDRAWN))
        lock_prompts(allowed)
        change.undone_count = Prompt.objects.filter(pk__in=allowed.values("pk")).update(archived_at=None)
    else:
        lock_prompts(_changed(change))
        opposite = {Action.RESTORE: Action.ARCHIVE, Action.ADD_TAGS: Action.REMOVE_TAGS}
        change.undone_count = _apply(change, opposite.get(Action(change.action), Action.ADD_TAGS))
    _finish(change, state=State.UNDONE)


def _finish(change: PromptChange, *, state: str) -> None:
    change.state = state
    change.save(update_fields=["state", "changed_count", "undone_count", "done_at", "error"])
    publish_on_commit("imports", type="change", id=change.pk, state=state)


def _ring(change: PromptChange) -> None:
    from labelapp.prompts.tasks import work_on_change as task

    enqueue_on_commit(task, change.pk)
