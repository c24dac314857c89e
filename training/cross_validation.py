"""How a reward model does on labelers who did not teach it (InstructGPT, section 4.1 and appendix E.2).

The labelers are dealt into groups. Of each group in turn nothing is learnt, and the model that the others taught is
tried on held-out rankings of both: of the labelers who taught it, and of those whom it never saw. Prompts are held out
either way, so that the two accuracies differ by who ranked and by nothing else. Each model is a run of its own in
`cross_validation/` of the run directory: a run that is killed goes on with the fold that it was at.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev

from torch import Tensor

from formats.configs import RewardModelConfig
from formats.jsonl import read_json, write_json
from formats.records import CrossValidationFold
from formats.run_directory import RunDirectory
from training.batches import shuffled_order
from training.checkpointing import remove_checkpoints
from training.errors import TrainingError
from training.process import TrainingRun
from training.ranking_data import Rankings
from training.sequences import TokenRanking

Learn = Callable[[TrainingRun[RewardModelConfig], Rankings], list[Tensor]]


def cross_validate(run: TrainingRun[RewardModelConfig], rows: Rankings, *, learn: Learn) -> list[CrossValidationFold]:
    """Each group of labelers held out in turn, with each seed; none where the settings do not ask for it.

    `learn` trains a model on the rankings of a fold and gives its rewards of the validation rankings.
    """
    count, seeds = run.config.cross_validation_folds, run.config.cross_validation_seeds
    places = [(fold, seed) for seed in range(seeds) for fold in range(count)]
    if not places:
        return []
    groups = groups_of_labelers(rows, count=count, seed=run.config.seed)
    found: list[CrossValidationFold] = []
    for number, (fold, seed) in enumerate(places):
        if run.world.is_main:
            phase = f"cross-validation {number + 1} of {len(places)}"
            run.attempt.write_status(phase=phase, step=number, total_steps=len(places), eta_seconds=None)
        found.append(_fold(run, rows, held_out=groups[fold], fold=fold, seed=seed, learn=learn))
    return found


def groups_of_labelers(rows: Rankings, *, count: int, seed: int) -> list[set[str]]:
    """The labelers in `count` groups with about as many validation pairs each. Raises TrainingError for too few."""
    pairs: Counter[str] = Counter()
    for ranking in rows.validation:
        pairs[ranking.labeler] += len(ranking.pairs)
    teachers = {ranking.labeler for ranking in rows.train}
    everybody = sorted(teachers | set(pairs))
    shuffled = [everybody[index] for index in shuffled_order(len(everybody), seed=seed, epoch=0)]
    groups: list[set[str]] = [set() for _ in range(count)]
    for labeler in sorted(shuffled, key=lambda name: -pairs[name]):
        min(groups, key=lambda group: (sum(pairs[name] for name in group), len(group))).add(labeler)
    for group in groups:
        others = set(everybody) - group
        if not sum(pairs[name] for name in group) or not sum(pairs[name] for name in others) or not teachers & others:
            message = (
                f"cannot make {count} groups of the labelers: each needs validation rankings, and the others training "
                f"rankings. {len(teachers)} labelers made training rankings, {len(pairs)} validation rankings"
            )
            raise TrainingError("too_few_labelers", message, field="config.cross_validation_folds")
    return groups


def summary_of_folds(folds: Sequence[CrossValidationFold]) -> dict[str, float]:
    """Mean and standard error of both accuracies over the groups; of a group, the seeds' mean is one value."""
    if not folds:
        return {}
    training, held_out = ([getattr(one, name) for one in folds] for name in ("training_accuracy", "held_out_accuracy"))
    return {
        **_mean_and_error("training_labelers_accuracy", training, folds),
        **_mean_and_error("held_out_labelers_accuracy", held_out, folds),
    }


def _mean_and_error(name: str, values: Sequence[float], folds: Sequence[CrossValidationFold]) -> dict[str, float]:
    numbers = sorted({one.fold for one in folds})
    means = [fmean(value for value, one in zip(values, folds, strict=True) if one.fold == number) for number in numbers]
    return {name: fmean(means), f"{name}_standard_error": stdev(means) / sqrt(len(means))}


def _fold(
    run: TrainingRun[RewardModelConfig], rows: Rankings, *, held_out: set[str], fold: int, seed: int, learn: Learn
) -> CrossValidationFold:
    """One model, or what an earlier attempt found of it."""
    root = run.directory.root / "cross_validation" / f"fold-{fold}-seed-{seed}"
    result = root / "result.json"
    saved = run.world.from_main(lambda: read_json(result) if result.exists() else None)
    if saved is not None:
        if run.world.is_main:
            remove_checkpoints(RunDirectory(root), keep=None)  # a kill may have come between the result and this
        return CrossValidationFold.from_json(saved)
    own = _run_of_fold(run, root, seed=seed)
    known = rows.of_labelers(lambda labeler: labeler not in held_out)
    rewards = learn(own, known)
    training = _judged(rows.validation, rewards, lambda labeler: labeler not in held_out)
    unseen = _judged(rows.validation, rewards, lambda labeler: labeler in held_out)
    found = CrossValidationFold(
        fold=fold,
        seed=own.config.seed,
        held_out_labelers=tuple(sorted(held_out)),
        training_rankings=len(known.train),
        training_pairs=len(training),
        training_accuracy=fmean(training),
        held_out_pairs=len(unseen),
        held_out_accuracy=fmean(unseen),
    )
    if run.world.is_main:
        write_json(result, found.to_json())
        remove_checkpoints(own.directory, keep=None)
    return found


def _run_of_fold(run: TrainingRun[RewardModelConfig], root: Path, *, seed: int) -> TrainingRun[RewardModelConfig]:
    """A run below the run, with a seed of its own, that stops when the run is asked to."""
    directory = RunDirectory(root)
    attempt = directory.attempt(run.attempt.epoch)
    if run.world.is_main:
        attempt.root.mkdir(parents=True, exist_ok=True)
    run.world.any(False)  # nobody goes on before the directory is there
    config = replace(run.config, seed=run.config.seed + seed, cross_validation_folds=0)
    inputs = {"model": run.model("model")}
    return replace(run, directory=directory, attempt=attempt, config=config, inputs=inputs, warnings=[])


def _judged(rankings: Sequence[TokenRanking], rewards: Sequence[Tensor], is_meant: Callable[[str], bool]) -> list[bool]:
    """Of each pair of the labelers that are meant, whether the rewards order it as they did."""
    return [
        bool(own[better] > own[worse])
        for ranking, own in zip(rankings, rewards, strict=True)
        if is_meant(ranking.labeler)
        for better, worse in ranking.pairs
    ]
