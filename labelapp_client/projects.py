"""Projects: made, filled with tasks, and waited for until people have answered."""

from collections.abc import Sequence
from typing import Any, Unpack

from labelapp_client.connection import Connection
from labelapp_client.errors import LabelappError, NotDone
from labelapp_client.progress import OnProgress, Progress, ignore
from labelapp_client.references import find_by_name
from labelapp_client.types import (
    CreatedTasks,
    CreateProjectRequest,
    CreateTasksRequest,
    Project,
    Run,
    SampleIntoRequest,
    UseCaseEnum,
)
from labelapp_client.watching import wait_until


class Projects:
    """Projects of the workspace. A project is named by its id or by its name."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[Project]:
        """Every project."""
        return list(self._connection.rows("projects"))

    def get(self, project: int | str) -> Project:
        """One project as it is now. Raises LabelappError for a name that none has."""
        if isinstance(project, str):
            project = find_by_name(self._connection.rows("projects"), project, what="project")["id"]
        found: Project = self._connection.get(f"projects/{project}")
        return found

    def create(self, *, members: Sequence[str] = (), **fields: Unpack[CreateProjectRequest]) -> Project:
        """Make a project; `members` are labelers by their e-mail addresses. Raises LabelappError for an unknown one."""
        if members:
            fields["member_ids"] = [*fields.get("member_ids", []), *self._people(members)]
        made: Project = self._connection.post("projects", fields)
        return made

    def fill(
        self, project: int | str, *, batch: int | str | None = None, **wanted: Unpack[CreateTasksRequest]
    ) -> CreatedTasks:
        """Make prompts into tasks: `prompt_ids`, or what a `filter` finds ({"prompt_import": 3}, or {}: all there are).

        A comparison needs the `batch` of responses to compare, by id or by name: the file's name where they came with
        the prompts; the newest of that name is taken. With a batch alone it is all prompts that it answers. Prompts
        that cannot be tasks are counted and named in the answer.
        """
        if batch is not None:
            wanted["batch_id"] = self._batch(batch)
            if "prompt_ids" not in wanted:
                wanted.setdefault("filter", {})
        made: CreatedTasks = self._connection.post(f"projects/{self._id(project)}/tasks", wanted)
        return made

    def sample(
        self,
        project: int | str,
        checkpoint: int | str,
        *,
        use_cases: Sequence[UseCaseEnum] = (),
        limit: int | None = None,
        config: dict[str, Any] | None = None,
    ) -> Run:
        """Launch a run that samples a checkpoint and queues the responses for labeling in the project.

        Its prompts are those of the project's tasks, or with `use_cases`, which a project without tasks needs, all of
        these use cases.
        """
        if isinstance(checkpoint, str):
            checkpoint = find_by_name(self._connection.rows("checkpoints"), checkpoint, what="checkpoint")["id"]
        body: SampleIntoRequest = {"project_id": self._id(project)}
        if use_cases:
            body["use_cases"] = [*use_cases]
        if limit is not None:
            body["limit"] = limit
        if config is not None:
            body["config"] = config
        launched: Run = self._connection.post(f"checkpoints/{checkpoint}/sample-into", body)
        return launched

    def wait(
        self, project: int | str, *, on_progress: OnProgress = ignore, timeout_seconds: float | None = None
    ) -> Project:
        """Wait until every task has all its answers.

        Raises:
            NotDone: the project has no tasks, or was archived.
            WaitedTooLong: after `timeout_seconds`.
        """
        project_id = self._id(project)

        def look() -> Project:
            row = self.get(project_id)
            counts = row["assignment_counts"]
            on_progress(Progress("labeling", counts["submitted"], sum_of(row), "answers"))
            return row

        row = wait_until(
            self._connection,
            f"labeling:{project_id}",
            look=look,
            is_done=lambda row: not open_answers(row) or row["state"] == "archived",
            timeout_seconds=timeout_seconds,
            what=f"Project {project_id}",
        )
        if open_answers(row):
            raise NotDone(f"Project {row['name']!r} is archived, and {open_answers(row)} answers are open.", row=row)
        if not row["task_count"]:
            raise NotDone(f"Project {row['name']!r} has no tasks to wait for: fill it first.", row=row)
        return row

    def _id(self, project: int | str) -> int:
        return project if isinstance(project, int) else self.get(project)["id"]

    def _batch(self, batch: int | str) -> int:
        if isinstance(batch, int):
            return batch
        # A file that is imported again makes a batch with none.
        rows = (row for row in self._connection.rows("sample-batches") if row["response_count"])
        return int(find_by_name(rows, batch, what="batch of responses")["id"])

    def _people(self, emails: Sequence[str]) -> list[int]:
        known = {row["email"].lower(): row["id"] for row in self._connection.rows("users")}
        if unknown := [email for email in emails if email.lower() not in known]:
            raise LabelappError(f"Nobody has an account with the address {', '.join(unknown)}: invite them first.")
        return [known[email.lower()] for email in emails]


def open_answers(project: Project) -> int:
    """How many answers a project still waits for."""
    counts = project["assignment_counts"]
    return counts["open"] + counts["leased"]


def sum_of(project: Project) -> int:
    """How many answers a project has and waits for."""
    return open_answers(project) + project["assignment_counts"]["submitted"]
