"""Who labels what, and what they said.

Assignments are slots made in advance (`overlap` of them per task), so nobody can be handed a task that has enough
labelers: counting rows under a lock over-assigns, a row that exists once does not. Submissions are only ever added to.
"""

import uuid
from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from labelapp.accounts.models import User
from labelapp.prompts.models import Prompt, Response, SampleBatch

MIN_RESPONSES, MAX_RESPONSES = 4, 9
MIN_SOURCES = 2
MIN_QUALITY, MAX_QUALITY = 1, 7
MAX_OVERLAP = 50


class ProjectKind(models.TextChoices):
    DEMONSTRATION = "demonstration", "Demonstration"
    COMPARISON = "comparison", "Comparison"
    EVALUATION = "evaluation", "Evaluation"
    TOXICITY = "toxicity", "Toxicity"


# Models against a baseline: a response of each, blind. What is said there is measured with, and never trained on.
EVALUATIONS = (ProjectKind.EVALUATION, ProjectKind.TOXICITY)


class PriorityMode(models.TextChoices):
    HELPFUL_FIRST = "helpful_first", "Helpful first"
    TRUTHFUL_HARMLESS_FIRST = "truthful_harmless_first", "Truthful and harmless first"


class Project(models.Model):
    """A body of labeling work with its rules."""

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        ARCHIVED = "archived", "Archived"

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=16, choices=ProjectKind.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.ACTIVE)
    description = models.TextField(blank=True)
    responses_per_task = models.PositiveSmallIntegerField(default=4, help_text="K: 4 to 9; 2 to 9 in an evaluation.")
    overlap = models.PositiveSmallIntegerField(default=1, help_text="How many labelers answer each task.")
    priority_mode = models.CharField(max_length=32, choices=PriorityMode.choices, default=PriorityMode.HELPFUL_FIRST)
    questions = models.JSONField(default=list, help_text="Asked of each response; see labeling/questions.py.")
    lease_minutes = models.PositiveSmallIntegerField(default=15)
    show_agreement = models.BooleanField(
        default=False, help_text="Whether labelers see how often they agree with the project's researchers."
    )
    done_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was seen that no task waits any more; see labeling/finishing.py."
    )
    members = models.ManyToManyField(User, through="Membership", related_name="projects")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                condition=~Q(kind=ProjectKind.COMPARISON)
                | Q(responses_per_task__gte=MIN_RESPONSES, responses_per_task__lte=MAX_RESPONSES),
                name="project_k_from_4_to_9",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=EVALUATIONS)
                | Q(responses_per_task__gte=MIN_SOURCES, responses_per_task__lte=MAX_RESPONSES),
                name="project_evaluates_2_to_9",
            ),
            models.CheckConstraint(condition=Q(overlap__gte=1, overlap__lte=50), name="project_overlap_1_to_50"),
            models.CheckConstraint(condition=Q(lease_minutes__gte=1), name="project_lease_positive"),
            models.CheckConstraint(condition=Q(kind__in=ProjectKind.values), name="project_kind_known"),
        )

    def __str__(self) -> str:
        return self.name


class ProjectSource(models.Model):
    """What an evaluation compares: a batch, whose first response to each prompt is shown. One is the baseline."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="sources", db_index=False)
    batch = models.ForeignKey(SampleBatch, on_delete=models.PROTECT, related_name="evaluated_in")
    is_baseline = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("project_id", "position")
        constraints = (
            models.UniqueConstraint(fields=["project", "batch"], name="source_once"),
            models.UniqueConstraint(fields=["project", "position"], name="source_position_once"),
            models.UniqueConstraint(fields=["project"], condition=Q(is_baseline=True), name="source_one_baseline"),
        )

    def __str__(self) -> str:
        return f"{self.batch} in {self.project}"


class InstructionVersion(models.Model):
    """The instructions as they stood: each label is stamped with the one its labeler had before them."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="instruction_versions", db_index=False)
    number = models.PositiveIntegerField()
    body = models.TextField(help_text="Markdown.")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("project_id", "-number")
        constraints = (models.UniqueConstraint(fields=["project", "number"], name="instruction_number_unique"),)

    def __str__(self) -> str:
        return f"{self.project} v{self.number}"


class Membership(models.Model):
    """A labeler's place in a project. People who leave stay in the record."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    joined_at = models.DateTimeField(default=timezone.now)
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("project_id", "user_id")
        constraints = (models.UniqueConstraint(fields=["project", "user"], name="membership_once"),)

    def __str__(self) -> str:
        return f"{self.user} in {self.project}"


class Task(models.Model):
    """A prompt in a project, with the responses to rank (none in a demonstration project)."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="tasks", db_index=False)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="tasks")
    batch = models.ForeignKey(SampleBatch, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks")
    responses = models.ManyToManyField(Response, through="TaskResponse", related_name="tasks")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    is_calibration = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Of the calibration pool: a labeler's own agreement with the researchers is over such tasks.",
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=["project", "prompt", "batch"],
                nulls_distinct=False,
                name="task_once_per_prompt_and_batch",
            ),
        )

    def __str__(self) -> str:
        return f"task {self.pk}"


class TaskResponse(models.Model):
    """One of the responses that a task asks to be ranked. Its letter hides where it came from."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="task_responses", db_index=False)
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="task_responses")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("task_id", "position")
        constraints = (
            models.UniqueConstraint(fields=["task", "response"], name="task_response_once"),
            models.UniqueConstraint(fields=["task", "position"], name="task_position_once"),
        )

    def __str__(self) -> str:
        return f"response {self.response_id} of task {self.task_id}"


class Assignment(models.Model):
    """One slot of a task. A lease whose time is over counts as open."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        LEASED = "leased", "Leased"
        SUBMITTED = "submitted", "Submitted"
        WITHDRAWN = "withdrawn", "Withdrawn"

    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="assignments", db_index=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="assignments", db_index=False)
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    labeler = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="assignments", db_index=False
    )
    lease_token = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    shown_order = models.JSONField(
        default=list,
        blank=True,
        help_text="Response ids in the order this labeler sees them: shuffled at the claim.",
    )

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=["task", "number"], name="assignment_slot_once"),
            models.UniqueConstraint(
                fields=["task", "labeler"], condition=Q(labeler__isnull=False), name="assignment_labeler_once"
            ),
            models.UniqueConstraint(
                fields=["project", "labeler"], condition=Q(state="leased"), name="assignment_one_lease"
            ),
            models.CheckConstraint(
                condition=Q(state="open", labeler=None, lease_token=None)
                | Q(
                    state="leased",
                    labeler__isnull=False,
                    lease_token__isnull=False,
                    lease_expires_at__isnull=False,
                )
                | Q(state="submitted", labeler__isnull=False)
                | Q(state="withdrawn"),
                name="assignment_state_holds",
            ),
        )
        indexes = (
            models.Index(fields=["project", "id"], condition=Q(state="open"), name="assignment_open"),
            models.Index(fields=["project", "lease_expires_at"], condition=Q(state="leased"), name="assignment_leased"),
            # A labeler's furthest slot in a project: where the search for the next one starts.
            models.Index(fields=["project", "labeler", "id"], name="assignment_by_labeler"),
            models.Index(
                fields=["labeler", "-submitted_at"], condition=Q(labeler__isnull=False), name="assignment_history"
            ),
        )

    def __str__(self) -> str:
        return f"slot {self.number} of task {self.task_id}"


class Draft(models.Model):
    """What a labeler has typed and not submitted. Kept when the lease ends, and offered back."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="drafts", db_index=False)
    labeler = models.ForeignKey(User, on_delete=models.CASCADE, related_name="drafts")
    content = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=0, help_text="Counts up with every save; an older save loses.")
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["task", "labeler"], name="draft_once"),)

    def __str__(self) -> str:
        return f"draft of {self.labeler} for task {self.task_id}"


class SubmissionQuerySet(models.QuerySet["Submission"]):
    """Filters over submissions."""

    def standing(self) -> Self:
        """Leave out what was undone."""
        return self.filter(retraction=None)

    def latest_revisions(self) -> Self:
        """Keep what each labeler said last: one submission per assignment."""
        newer = Submission.objects.standing().filter(assignment=OuterRef("assignment"))
        return self.standing().filter(~Exists(newer.filter(revision__gt=OuterRef("revision"))))

    def first_answers(self) -> Self:
        """Keep what each labeler said first: one submission per assignment, because an edit is no further answer."""
        earlier = Submission.objects.standing().filter(assignment=OuterRef("assignment"))
        return self.standing().filter(~Exists(earlier.filter(revision__lt=OuterRef("revision"))))


class Submission(models.Model):
    """What a labeler said. Append-only: an edit is the next revision of the same assignment (a trigger holds it)."""

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="submissions", db_index=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="submissions", db_index=False)
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="submissions")
    labeler = models.ForeignKey(User, on_delete=models.PROTECT, related_name="submissions", db_index=False)
    revision = models.PositiveIntegerField(default=1)
    instruction_version = models.ForeignKey(InstructionVersion, on_delete=models.PROTECT, related_name="submissions")
    idempotency_key = models.UUIDField(default=uuid.uuid4)
    content_sha256 = models.CharField(max_length=64, help_text="Tells a retry from another answer under the same key.")
    demonstration = models.TextField(blank=True)
    answers = models.JSONField(default=dict, blank=True, help_text="Question key → answer, of the prompt as a whole.")
    notes = models.TextField(blank=True)
    elapsed_seconds = models.PositiveIntegerField(default=0)
    active_seconds = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=["assignment", "revision"], name="submission_revision_once"),
            models.UniqueConstraint(fields=["labeler", "idempotency_key"], name="submission_idempotent"),
        )
        indexes = (
            models.Index(fields=["labeler", "-created_at"], name="submission_by_labeler"),
            models.Index(fields=["project", "-created_at"], name="submission_by_project"),
        )

    def __str__(self) -> str:
        return f"submission {self.pk}"


class Judgment(models.Model):
    """What a submission says of one response: how good on its own, and where among the others."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="judgments", db_index=False)
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="judgments")
    rank = models.PositiveSmallIntegerField(help_text="1 is best; tied responses share a rank; no rank is left out.")
    quality = models.PositiveSmallIntegerField(
        null=True, help_text="Overall quality, 1 (worst) to 7; the toxicity task asks none."
    )
    answers = models.JSONField(default=dict, blank=True, help_text="Question key → answer; a missing one is not a no.")
    notes = models.TextField(blank=True)
    shown_position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("submission_id", "shown_position")
        constraints = (
            models.UniqueConstraint(fields=["submission", "response"], name="judgment_once"),
            models.UniqueConstraint(fields=["submission", "shown_position"], name="judgment_position_once"),
            models.CheckConstraint(
                condition=Q(quality__gte=MIN_QUALITY, quality__lte=MAX_QUALITY),
                name="judgment_quality_1_to_7",
            ),
            models.CheckConstraint(condition=Q(rank__gte=1, rank__lte=MAX_RESPONSES), name="judgment_rank_1_to_9"),
        )

    def __str__(self) -> str:
        return f"rank {self.rank} of response {self.response_id}"


class Skip(models.Model):
    """A labeler who would not answer a task, and why. The slot goes to others; back to them if a researcher says so."""

    class Reason(models.TextChoices):
        UNCLEAR = "unclear", "The prompt is unclear"
        OUTSIDE_KNOWLEDGE = "outside_knowledge", "Outside my knowledge"
        UNSAFE = "unsafe", "Unsafe or upsetting"
        PERSONAL_DATA = "personal_data", "Contains personal data"
        LANGUAGE = "language", "A language I do not read well"
        BROKEN = "broken", "Something is broken"
        OTHER = "other", "Another reason"

    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="skips", db_index=False)
    labeler = models.ForeignKey(User, on_delete=models.PROTECT, related_name="skips")
    reason = models.CharField(max_length=20, choices=Reason.choices)
    note = models.TextField(blank=True)
    decision = models.ForeignKey(
        "labeling.Decision", on_delete=models.PROTECT, null=True, blank=True, related_name="skips"
    )
    returned_at = models.DateTimeField(null=True, blank=True, help_text="When a researcher offered it to them again.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)
        constraints = (
            # Once in force; one that was returned may be skipped again.
            models.UniqueConstraint(fields=["task", "labeler"], condition=Q(returned_at=None), name="skip_once"),
        )
        indexes = (
            models.Index(fields=["task"], condition=Q(decision=None), name="skip_open"),
            models.Index(fields=["labeler", "task"], condition=Q(returned_at__isnull=False), name="skip_returned"),
        )

    def __str__(self) -> str:
        return f"{self.labeler} skipped task {self.task_id}: {self.reason}"


# Django looks for models here.
import labelapp.labeling.retraction_models  # noqa: E402
import labelapp.labeling.review_models  # noqa: E402, F401
