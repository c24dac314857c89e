"""What a selection comes to: counts, agreement, and what one should know before it is frozen."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.db.models.functions import Left, Length

from labelapp.datasets.models import DatasetKind
from labelapp.datasets.policy import Answer, TakenRow, agreement_of, count_pairs, take
from labelapp.datasets.reading import answers_by_task
from labelapp.datasets.selection import asked_prompts, selected_prompts, split_column
from labelapp.labeling.models import EVALUATIONS, InstructionVersion, Task
from labelapp.prompts.models import PiiState, Prompt, Split
from labelapp.quality.agreement import Agreement, AgreementSums

LARGE_SHARE = 0.5
# Fewer and a reward model learns next to nothing: at 33,000 prompts with 4 to 9 responses the paper had millions.
FEW_PAIRS = 100
LOW_AGREEMENT = 0.6
PREFIX_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Warning:
    """Something worth knowing: a code for programs, a sentence for people."""

    code: str
    message: str


@dataclass(slots=True)
class Figures:
    """What a selection comes to, summed up a task at a time; memory grows with people and not with rows."""

    kind: str
    rows: int = 0
    pairs: int = 0
    train_pairs: int = 0
    rows_without_pairs: int = 0
    split_counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Split.values, 0))
    labelers: Counter[int] = field(default_factory=Counter)
    instruction_versions: Counter[int] = field(default_factory=Counter)
    agreements: AgreementSums = field(default_factory=AgreementSums)

    def add(self, answers: Sequence[Answer], taken: Sequence[TakenRow]) -> None:
        """Count what became of the answers to one task."""
        if not taken:
            return
        for row in taken:
            self.count_row(row.answers[0].split)
            if self.kind == DatasetKind.COMPARISONS:
                self._count_pairs(row)
            for answer in row.answers:
                self.labelers[answer.labeler_id] += 1
                self.instruction_versions[answer.instruction_version_id] += 1
        if self.kind == DatasetKind.COMPARISONS and len(answers) > 1:
            self.agreements.add(agreement_of(answers))

    def count_row(self, split: str) -> None:
        """Count a row of a split."""
        self.rows += 1
        self.split_counts[split] += 1

    def _count_pairs(self, row: TakenRow) -> None:
        pairs = count_pairs(row.ranks)
        self.pairs += pairs
        self.rows_without_pairs += not pairs
        if row.answers[0].split == Split.TRAIN:
            self.train_pairs += pairs

    @property
    def largest_share(self) -> float:
        """The share of the answers that are one labeler's."""
        return max(self.labelers.values(), default=0) / (self.labelers.total() or 1)

    @property
    def agreement(self) -> Agreement | None:
        """How labelers of the same tasks agree; None where no two ordered the same pair."""
        return self.agreements.agreement()


def figures_of(kind: str, query: Mapping[str, Any]) -> Figures:
    """Count what a query finds now."""
    found = Figures(kind)
    if kind == DatasetKind.PROMPTS:
        counts = selected_prompts(query).order_by().values_list(split_column(kind)).annotate(Count("pk"))
        found.split_counts |= dict(counts)
        found.rows = sum(found.split_counts.values())
        return found
    for answers in answers_by_task(kind, query):
        found.add(answers, take(answers, query))
    return found


def warnings_of(found: Figures, query: Mapping[str, Any]) -> list[Warning]:
    """What one should know before this is frozen."""
    if not found.rows:
        return [Warning("nothing", "Nothing matches these filters: there is nothing to freeze.")]
    warnings = [*_of_pairs(found), *_of_splits(found, query), *_of_labelers(found)]
    prompts = asked_prompts(found.kind, query).order_by()
    return [*warnings, *_of_instructions(found), *_of_leaks(prompts), *_of_personal_data(prompts)]


def _of_pairs(found: Figures) -> list[Warning]:
    if found.kind != DatasetKind.COMPARISONS:
        return []
    if not found.pairs:
        text = "All rankings are ties throughout: there is no pair to learn from, and nothing to freeze."
        return [Warning("no_pairs", text)]
    warnings = []
    if found.rows_without_pairs:
        text = f"{found.rows_without_pairs} of {found.rows} rankings are ties throughout and give no pair."
        warnings.append(Warning("ties", text))
    if found.split_counts[Split.TRAIN] and found.train_pairs < FEW_PAIRS:
        text = f"Only {found.train_pairs} pairs are in the train split: a reward model learns little from so few."
        warnings.append(Warning("few_pairs", text))
    return warnings


def _of_splits(found: Figures, query: Mapping[str, Any]) -> list[Warning]:
    wanted = query.get("splits", Split.values)
    if Split.TRAIN in wanted and not found.split_counts[Split.TRAIN]:
        text = "No row is in the train split: no run can train on this. Splits go by the prompts' submitters."
        return [Warning("no_train", text)]
    if Split.VALID in wanted and not found.split_counts[Split.VALID]:
        text = "No row is in the validation split: a run has nothing to measure itself on."
        return [Warning("no_validation", text)]
    return []


def _of_labelers(found: Figures) -> list[Warning]:
    warnings = []
    if len(found.labelers) == 1:
        warnings.append(Warning("one_labeler", "All of it is one labeler's: a model would learn that person's taste."))
    elif found.largest_share > LARGE_SHARE:
        warnings.append(Warning("one_labeler", f"{100 * found.largest_share:.0f} % of the answers are one labeler's."))
    agreement = found.agreement
    if agreement is not None and agreement.rate < LOW_AGREEMENT:
        found_rate = f"{100 * agreement.rate:.0f} %"
        text = f"Labelers of the same task order only {found_rate} of its pairs alike; chance would be 50 %."
        warnings.append(Warning("low_agreement", text))
    return warnings


def _of_instructions(found: Figures) -> list[Warning]:
    versions = InstructionVersion.objects.filter(pk__in=found.instruction_versions).select_related("project")
    numbers: dict[str, list[int]] = {}
    for version in versions.order_by("project__name", "number"):
        numbers.setdefault(version.project.name, []).append(version.number)
    mixed = [f"{name} {_listed(own)}" for name, own in numbers.items() if len(own) > 1]
    if not mixed:
        return []
    text = f"Versions of the instructions are mixed: {'; '.join(mixed)}. What was asked for may differ between rows."
    return [Warning("mixed_instructions", text)]


def _listed(numbers: list[int]) -> str:
    names = [f"v{number}" for number in numbers]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _of_personal_data(prompts: QuerySet[Prompt]) -> list[Warning]:
    count = prompts.filter(pii_state=PiiState.OPEN).count()
    text = f"{count} prompts may hold personal data that nobody has reviewed yet."
    return [Warning("personal_data", text)] if count else []


def _of_leaks(prompts: QuerySet[Prompt]) -> list[Warning]:
    """Prompts of different splits that begin alike, and training prompts that models are evaluated on."""
    warnings = []
    alike = (
        prompts.annotate(start=Left("text", PREFIX_LENGTH), length=Length("text"))
        .filter(length__gte=PREFIX_LENGTH)
        .values("start")
        .annotate(splits=Count("submitter__split", distinct=True))
        .filter(splits__gt=1)
        .count()
    )
    if alike:
        shared = "1 beginning is" if alike == 1 else f"{alike} beginnings are"
        text = f"{shared} shared by prompts of different splits, {PREFIX_LENGTH} characters long: held-out "
        text += "figures would flatter."
        warnings.append(Warning("leak_between_splits", text))
    evaluated = Task.objects.filter(prompt=OuterRef("pk"), project__kind__in=EVALUATIONS, withdrawn_at=None)
    trained = prompts.filter(Exists(evaluated), submitter__split=Split.TRAIN).count()
    if trained:
        text = f"{trained} prompts of the train split are tasks of an evaluation too: its win rates would flatter."
        warnings.append(Warning("leak_of_evaluation", text))
    return warnings
