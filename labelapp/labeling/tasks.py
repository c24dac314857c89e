"""Celery's bells of labeling."""

from celery import shared_task

from labelapp.labeling import finishing


@shared_task(name="labeling.finish")
def finish() -> None:
    """See which projects are done."""
    finishing.finish_projects()
