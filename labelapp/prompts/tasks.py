"""Celery's bells for imports and for the look at new prompts. What there is to do stands in the rows."""

import time

import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from celery import shared_task

from labelapp.common.enqueue import enqueue_on_commit
from labelapp.prompts.importing import claiming

logger = structlog.get_logger(__name__)

SCAN_SECONDS = 20


@shared_task(name="prompts.work_on_import")
def work_on_import(import_id: int) -> None:
    """Do what an import waits for, if it still does."""
    from labelapp.prompts.importing.working import work_on

    work_on(import_id)
    ring_for_imports()


@shared_task(name="prompts.sweep")
def sweep() -> None:
    """Ring again for what nobody works on, go on with logs that have grown, and forget what is needed no more."""
    from labelapp.prompts.importing.actions import close_old_previews, read_grown_logs
    from labelapp.prompts.importing.forgetting import forget_all_wished, forget_sources

    parts = (forget_sources, forget_all_wished, close_old_previews, read_grown_logs, ring_for_imports, ring_for_changes)
    for part in parts:
        try:
            part()
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            # What is wrong with one must not end the others, sweep after sweep.
            logger.exception("a part of the sweep failed", part=part.__name__)
    enqueue_on_commit(scan)


@shared_task(name="prompts.forget_lines")
def forget_lines() -> None:
    """Delete the lines that somebody wished forgotten."""
    from labelapp.prompts.importing.forgetting import forget_all_wished

    forget_all_wished()


@shared_task(name="prompts.work_on_change")
def work_on_change(change_id: int) -> None:
    """Do, or undo, a change to many prompts, if it still waits."""
    from labelapp.prompts import bulk

    bulk.work_on_change(change_id)


@shared_task(name="prompts.scan")
def scan() -> None:
    """Look at prompts that nobody has looked at, for as long as leaves room for other work until the next sweep."""
    from labelapp.prompts.scanning import scan_batch

    ends_at = time.monotonic() + SCAN_SECONDS
    while scan_batch() and time.monotonic() < ends_at:
        pass


def ring_for_imports() -> None:
    """Ring for each import whose bell was lost, whose worker died, or whose turn has come."""
    for import_id in claiming.ids_to_ring():
        enqueue_on_commit(work_on_import, import_id)


def ring_for_changes() -> None:
    """Ring for each change to many prompts that waits."""
    from labelapp.prompts.bulk import changes_to_do

    for change_id in changes_to_do():
        enqueue_on_commit(work_on_change, change_id)
