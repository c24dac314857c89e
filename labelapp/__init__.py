"""The Django side of labelapp: web pages' API, Celery tasks, and the supervisors of runs. Never imports torch."""

from labelapp.celery import app as celery_app

__version__ = "0.1.0"
__all__ = ["__version__", "celery_app"]
