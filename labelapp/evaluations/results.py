"""How each source of an evaluation did: against the baseline, against each other, and on its own."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from labelapp.accounts.models import User
from labelapp.evaluations.answers import Answer, AnswerFilter, check_evaluation, read_answers
from labelapp.evaluations.intervals import Estimate, mean, rate
from labelapp.labeling.models import Project, ProjectSource
from labelapp.labeling.questions import QUESTION_OF_KEY, Question
from labelapp.prompts.models import SampleBatch, Split, UseCase
from labelapp.quality.agreement import Agreement, compare_rankings, summarise


@dataclass(frozen=True, slots=True)
class Match:
    """One source against another: a win is a higher rank, and a tie counts one half."""

    source_id: int
    opponent_id: int
    wins: int
    ties: int
    losses: int
    estimate: Estimate | None


@dataclass(frozen=True, slots=True)
class Measure:
    """A question with what was answered: the share of yes, or the mean on its scale."""

    question: Question
    estimate: Estimate | None


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What was said of one source; `match` is against the baseline, which has none."""

    batch: SampleBatch
    name: str
    is_baseline: bool
    match: Match | None
    quality: Estimate | None
    measures: list[Measure]


@dataclass(frozen=True, slots=True)
class Group:
    """Part of the answers: how each source did against the baseline there."""

    value: str
    label: str
    submissions: int
    matches: list[Match]


@dataclass(frozen=True, slots=True)
class Results:
    """All of it. `train_prompts` of the `prompts` are of the train split."""

    project: Project
    submissions: int
    prompts: int
    train_prompts: int
    labelers: list[User]
    sources: list[SourceResult]
    prompt_measures: list[Measure]
    head_to_head: list[Match]
    by_split: list[Group]
    by_use_case: list[Group]
    by_labeler: list[Group]
    agreement: Agreement | None


def evaluate(project: Project, wanted: AnswerFilter) -> Results:
    """Work out an evaluation's results from the answers that are wanted.

    Raises:
        NotFound: the project is not an evaluation.
    """
    check_evaluation(project)
    answers = read_answers(project, wanted)
    sources = list(project.sources.select_related("batch__checkpoint", "batch__endpoint"))
    ids = [source.batch_id for source in sources]
    baseline = next(source.batch_id for source in sources if source.is_baseline)
    questions = [QUESTION_OF_KEY[key] for key in project.questions]
    labelers = {user.pk: user for user in User.objects.filter(assignments__project=project).distinct()}

    def groups(key: Callable[[Answer], str], labels: Sequence[tuple[str, str]]) -> list[Group]:
        return _groups(answers, key=key, labels=labels, sources=ids, baseline=baseline)

    return Results(
        project=project,
        submissions=len(answers),
        prompts=len({answer.prompt_id for answer in answers}),
        train_prompts=len({answer.prompt_id for answer in answers if answer.split == Split.TRAIN}),
        labelers=sorted(labelers.values(), key=lambda user: (user.name, user.pk)),
        sources=_source_results(answers, sources=sources, baseline=baseline, questions=questions),
        prompt_measures=[_of_prompt(answers, item) for item in questions if item.scope == "prompt"],
        head_to_head=[match(answers, one, other) for one in ids for other in ids if one != other],
        by_split=groups(lambda answer: answer.split, Split.choices),
        by_use_case=groups(lambda answer: answer.use_case, UseCase.choices),
        by_labeler=groups(
            lambda answer: str(answer.labeler_id), [(str(pk), user.name or user.email) for pk, user in labelers.items()]
        ),
        agreement=_agreement(answers),
    )


def match(answers: Iterable[Answer], source: int, opponent: int) -> Match:
    """Hold a source against another, in every answer that ranks both."""
    found = [
        (answer.prompt_id, outcome) for answer in answers if (outcome := answer.outcome(source, opponent)) is not None
    ]
    outcomes = [outcome for _, outcome in found]
    return Match(source, opponent, outcomes.count(1.0), outcomes.count(0.5), outcomes.count(0.0), rate(found))


def _source_results(
    answers: list[Answer], *, sources: list[ProjectSource], baseline: int, questions: list[Question]
) -> list[SourceResult]:
    names = names_of(sources)
    asked = [question for question in questions if question.scope == "response"]
    results = []
    for source in sources:
        pk = source.batch_id
        said = [(answer.prompt_id, answer.of[pk]) for answer in answers if pk in answer.of]
        results.append(
            SourceResult(
                batch=source.batch,
                name=names[pk],
                is_baseline=source.is_baseline,
                match=None if source.is_baseline else match(answers, pk, baseline),
                quality=mean((prompt, item.quality) for prompt, item in said if item.quality is not None),
                measures=[_measure(question, ((prompt, item.answers) for prompt, item in said)) for question in asked],
            )
        )
    return results


def names_of(sources: Sequence[ProjectSource]) -> dict[int, str]:
    """Name each source after its model, with its batch where two are of one model."""
    models = {source.batch_id: str(source.batch.checkpoint or source.batch.endpoint or "") for source in sources}
    taken = list(models.values())
    return {
        source.batch_id: model
        if (model := models[source.batch_id]) and taken.count(model) == 1
        else " · ".join(part for part in (model, source.batch.name) if part)
        for source in sources
    }


def _of_prompt(answers: Iterable[Answer], question: Question) -> Measure:
    return _measure(question, ((answer.prompt_id, answer.answers) for answer in answers))


def _measure(question: Question, said: Iterable[tuple[int, dict[str, bool | int]]]) -> Measure:
    """Average what was answered; a question that was left open is no answer."""
    values = ((prompt, float(answers[question.key])) for prompt, answers in said if question.key in answers)
    return Measure(question, mean(values) if question.kind == "scale" else rate(values))


def _groups(
    answers: Iterable[Answer],
    *,
    key: Callable[[Answer], str],
    labels: Sequence[tuple[str, str]],
    sources: Sequence[int],
    baseline: int,
) -> list[Group]:
    """Work out the win rates of each part of the answers, in the order of the labels."""
    parts: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        parts[key(answer)].append(answer)
    return [
        Group(
            value=value,
            label=str(label),
            submissions=len(parts[value]),
            matches=[match(parts[value], source, baseline) for source in sources if source != baseline],
        )
        for value, label in labels
        if value in parts
    ]


def _agreement(answers: Iterable[Answer]) -> Agreement | None:
    rankings: dict[int, list[dict[int, int]]] = defaultdict(list)
    for answer in answers:
        rankings[answer.prompt_id].append({source: said.rank for source, said in answer.of.items()})
    return summarise(compare_rankings(found) for found in rankings.values())
