"""Which version of a project's instructions somebody has read last, so that they are shown what changed since."""

from django.db import transaction
from django.utils import timezone

from labelapp.accounts.models import User
from labelapp.common.errors import InvalidInput
from labelapp.labeling.models import Project
from labelapp.labeling.review_models import InstructionRead


def last_read(project: Project, *, user: User) -> InstructionRead | None:
    """Return what this person has read last, or None before they have read any."""
    return InstructionRead.objects.filter(project=project, user=user).select_related("version").first()


@transaction.atomic
def record_read(project: Project, *, user: User, version_id: int) -> InstructionRead:
    """Remember that this person has read a version; an older one never takes the place of a newer.

    Raises:
        InvalidInput: the project has no such instructions.
    """
    version = project.instruction_versions.filter(pk=version_id).first()
    if version is None:
        raise InvalidInput("This project has no such instructions.", field="instruction_version_id")
    read, is_new = InstructionRead.objects.select_for_update().get_or_create(
        project=project, user=user, defaults={"version": version}
    )
    if not is_new and read.version.number < version.number:
        read.version, read.read_at = version, timezone.now()
        read.save(update_fields=["version", "read_at"])
    return read
