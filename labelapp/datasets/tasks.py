"""Celery's bells for dataset versions. What there is to do stands in the rows."""

from celery import shared_task

from labelapp.common import storage
from labelapp.common.enqueue import enqueue_on_commit
from labelapp.common.health import sign_storage
from labelapp.datasets import claiming, storing, writing


@shared_task(name="datasets.write")
def write(version_id: int) -> None:
    """Write a version, if it still waits for that."""
    writing.write_version(version_id)


@shared_task(name="datasets.sweep")
def sweep() -> None:
    """Ring again for versions that nobody writes: a bell was lost, or a worker died. Remove what such ones left."""
    claiming.give_up_lost_versions()
    for version_id in claiming.waiting_version_ids():
        enqueue_on_commit(write, version_id)
    problem = storage.problem()
    sign_storage(problem)
    if not problem:
        for dataset_id in storing.untidy_dataset_ids():
            storing.tidy(dataset_id)
