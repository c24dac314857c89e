"""The Django side of labelapp: web pages' API, Celery tasks, and the supervisors of runs. Never imports torch."""

from labelapp.celery import app as celery_app

__all__ = ["celery_app"]
