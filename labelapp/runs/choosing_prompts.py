"""Which prompts to sample for, and putting a checkpoint's samples into a project's queue."""

from django.db.models import QuerySet

from labelapp.common.errors import InvalidInput
from labelapp.labeling.models import Project
from labelapp.prompts.erased import shown
from labelapp.prompts.models import Prompt


def project_prompts(project: Project, *, limit: int | None = None) -> list[Prompt]:
    """The distinct prompts of a project's tasks, oldest first. Raises InvalidInput where there are none."""
    found = Prompt.objects.filter(tasks__project=project, tasks__withdrawn_at=None).distinct()
    missing = "This project has no tasks yet: say for which use cases to sample (use_cases)."
    return _take(found, limit=limit, field="project_id", missing=missing)


def library_prompts(use_cases: list[str], *, limit: int | None = None) -> list[Prompt]:
    """All prompts of some use cases, oldest first. Raises InvalidInput where there are none."""
    found = Prompt.objects.filter(use_case__in=use_cases)
    return _take(found, limit=limit, field="use_cases", missing="There are no prompts of these use cases.")


def _take(found: QuerySet[Prompt], *, limit: int | None, field: str, missing: str) -> list[Prompt]:
    prompts = list(shown(found).filter(archived_at=None).select_related("submitter").order_by("pk")[:limit])
    if not prompts:
        raise InvalidInput(missing, field=field)
    return prompts
