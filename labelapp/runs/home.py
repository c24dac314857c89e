"""What each role sees first: the labeler's next work, the researcher's queues, the admin's runs and machines."""

from dataclasses import asdict, dataclass
from typing import Any

import redis
import structlog
from django.core.cache import cache

from labelapp import __version__
from labelapp.accounts.models import Role, User
from labelapp.common import health
from labelapp.datasets.models import DatasetVersion
from labelapp.labeling.models import Project, ProjectKind, Submission
from labelapp.labeling.queries import DayCount, Progress, daily_counts, own_progress, project_rows
from labelapp.quality.statistics import project_agreements
from labelapp.runs import queries
from labelapp.runs.models import LIVE_STATES, Run
from labelapp.webhooks.queries import paused_by_us

# Agreement reads every ranking of a project: the number on the home page may be a minute old.
AGREEMENT_SECONDS = 60
NEWEST = 5
LITTLE_SPACE_BYTES = 5 * 1024**3
logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that an admin should see to, and what to do."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ResearcherHome:
    """Queues with their agreement so far, throughput, the newest dataset versions."""

    queues: list[dict[str, Any]]
    throughput: list[DayCount]
    datasets: list[DatasetVersion]


@dataclass(frozen=True, slots=True)
class AdminHome:
    """Live runs and the last that ended, the installation, and what is wrong with it."""

    live_runs: list[Run]
    ended_runs: list[Run]
    system: dict[str, Any]
    problems: list[Problem]


@dataclass(frozen=True, slots=True)
class Home:
    """The parts that a person's role may see; the others are None."""

    role: str
    labeler: Progress
    researcher: ResearcherHome | None
    admin: AdminHome | None


def home(user: User) -> Home:
    """Everything on a person's first page."""
    return Home(
        role=user.role,
        labeler=own_progress(user),
        researcher=researcher_home(user) if user.has_role(Role.RESEARCHER) else None,
        admin=admin_home() if user.has_role(Role.ADMIN) else None,
    )


def researcher_home(user: User) -> ResearcherHome:
    """How the labeling goes."""
    projects = list(project_rows(user).exclude(state=Project.State.ARCHIVED))
    found = agreements(projects)
    return ResearcherHome(
        queues=[{"project": project, "agreement": found.get(project.pk)} for project in projects],
        throughput=daily_counts(Submission.objects.first_answers()),
        datasets=list(DatasetVersion.objects.select_related("dataset").order_by("-pk")[:NEWEST]),
    )


def agreements(projects: list[Project]) -> dict[int, dict[str, Any]]:
    """How often labelers agree so far, by project; one is left out where no two have ranked the same task."""
    measured = {
        key_of(project): project
        for project in projects
        if project.kind != ProjectKind.DEMONSTRATION and project.overlap > 1
    }
    known = _remembered(list(measured))
    stale = [project for key, project in measured.items() if key not in known]
    if stale:
        fresh = project_agreements(stale)
        news = {key_of(project): asdict(fresh[project.pk]) if project.pk in fresh else {} for project in stale}
        _remember(news)
        known |= news
    return {measured[key].pk: row for key, row in known.items() if row}


def key_of(project: Project) -> str:
    """Where a project's agreement is remembered."""
    return f"home:agreement:{project.pk}"


def _remembered(keys: list[str]) -> dict[str, dict[str, Any]]:
    try:
        return dict(cache.get_many(keys))
    except redis.RedisError:
        return {}


def _remember(rows: dict[str, dict[str, Any]]) -> None:
    try:
        cache.set_many(rows, AGREEMENT_SECONDS)
    except redis.RedisError as error:
        logger.warning("agreement is not remembered", error=str(error))


def admin_home() -> AdminHome:
    """How the machines and their runs go."""
    system = {**health.system_state(), "version": __version__}
    return AdminHome(
        live_runs=list(queries.runs().filter(state__in=LIVE_STATES)),
        ended_runs=list(queries.runs().exclude(state__in=LIVE_STATES)[:NEWEST]),
        system=system,
        problems=find_problems(system),
    )


def find_problems(system: dict[str, Any]) -> list[Problem]:
    """What is wrong with the installation, each with what to do."""
    problems = _process_problems(system)
    problems += [
        Problem(
            "webhook_paused", f"The webhook “{webhook.name}” was paused. {webhook.paused_because} See System, Webhooks."
        )
        for webhook in paused_by_us()
    ]
    if system["storage"]["free_bytes"] < LITTLE_SPACE_BYTES:
        free = system["storage"]["free_bytes"] / 1024**3
        problems.append(
            Problem("little_space", f"Only {free:.1f} GiB are free on the disk of DATA_DIR: runs may fail. Make room.")
        )
    if system["storage"]["bucket_problem"]:
        message = f"{system['storage']['bucket_problem']} Until then no dataset is frozen or downloaded."
        problems.append(Problem("bucket", message))
    return problems


def _process_problems(system: dict[str, Any]) -> list[Problem]:
    if not system["is_redis_reachable"]:
        message = (
            "Redis cannot be reached: labeling goes on, but no run or dataset starts, pages are not live and nobody "
            "can log in. Start it, or correct REDIS_URL."
        )
        return [Problem("redis_away", message)]
    problems = [
        Problem(
            "queue_unserved",
            f"No worker takes tasks from the queue “{queue['name']}”: {queue['length']} wait. "
            f"Start one: celery -A labelapp worker --queues {queue['name']}",
        )
        for queue in system["queues"]
        if not queue["is_served"]
    ]
    if system["beat"] is None or not system["beat"]["is_alive"]:
        message = "The clock has stopped, so nothing that was lost is taken up again. Start it: celery -A labelapp beat"
        problems.append(Problem("beat_stopped", message))
    return problems
