"""What people and models said: the rows of the JSONL files that runs read and write.

Every record stands alone: it carries its prompt's messages, so that a file can be trained on without the
database. Labelers and submitters are pseudonyms, stable within a workspace.
"""

from dataclasses import dataclass, field
from typing import Literal

from formats.codec import Format, join
from formats.errors import FormatError
from formats.messages import Message, check_prompt_messages

Split = Literal["train", "valid", "test"]
FinishReason = Literal["stop", "length"]
Answer = bool | int | str


@dataclass(frozen=True, slots=True)
class Prompt(Format):
    """Something to answer. `submitter` decides the split: nobody has prompts in two."""

    id: str
    messages: tuple[Message, ...]
    submitter: str = ""
    use_case: str = ""
    split: Split = "train"

    def check_rules(self, field: str) -> None:
        _check_present(self.id, join(field, "id"))
        check_prompt_messages(self.messages, join(field, "messages"))


@dataclass(frozen=True, slots=True)
class Demonstration(Format):
    """An answer that a labeler wrote. `id` is the submission it comes from."""

    id: str
    prompt_id: str
    messages: tuple[Message, ...]
    response: str
    labeler: str
    use_case: str = ""
    split: Split = "train"
    instruction_version: int | None = field(default=None, metadata={"minimum": 1})

    def check_rules(self, field: str) -> None:
        _check_present(self.id, join(field, "id"))
        _check_present(self.prompt_id, join(field, "prompt_id"))
        _check_present(self.response, join(field, "response"))
        check_prompt_messages(self.messages, join(field, "messages"))


@dataclass(frozen=True, slots=True)
class RankedResponse(Format):
    """One response of a ranking. Rank 1 is best; equal ranks are a tie; ranks may be skipped.

    `finish_reason` says whether the model ended the text itself (`stop`) or was cut (`length`): a reward model
    sees the end-of-text token only in the first case. `answers` holds the yes/no, scale and text answers that were
    given, by question: one that is missing is not a "no". `shown_position` counts from 0, as the labeler saw the
    cards.
    """

    response_id: str
    text: str
    rank: int = field(metadata={"minimum": 1, "maximum": 9})
    quality: int | None = field(default=None, metadata={"minimum": 1, "maximum": 7})
    checkpoint: str | None = None
    finish_reason: FinishReason = "stop"
    answers: dict[str, Answer] = field(default_factory=dict)
    notes: str = ""
    shown_position: int | None = field(default=None, metadata={"minimum": 0})

    def check_rules(self, field: str) -> None:
        _check_present(self.response_id, join(field, "response_id"))


@dataclass(frozen=True, slots=True)
class Ranking(Format):
    """One labeler's order of the K responses to a prompt. `id` is the submission it comes from.

    `weight` is how much it counts beside the others, for several rankings of one task that together weigh one. A
    majority of several labelers is a ranking too: its `id` is then the task's, and `labeler` says of how many it is.
    """

    id: str
    prompt_id: str
    messages: tuple[Message, ...]
    responses: tuple[RankedResponse, ...]
    labeler: str
    use_case: str = ""
    split: Split = "train"
    instruction_version: int | None = field(default=None, metadata={"minimum": 1})
    weight: float = 1.0

    def check_rules(self, field: str) -> None:
        _check_present(self.id, join(field, "id"))
        _check_present(self.prompt_id, join(field, "prompt_id"))
        check_prompt_messages(self.messages, join(field, "messages"))
        if not 2 <= len(self.responses) <= 9:
            found = len(self.responses)
            raise FormatError(join(field, "responses"), f"must hold 2 to 9 responses, not {found}")
        if self.weight <= 0:
            raise FormatError(join(field, "weight"), f"must be above 0, not {self.weight}")
        _check_distinct([response.response_id for response in self.responses], join(field, "responses"))

    def pairs(self) -> list[tuple[int, int]]:
        """(better, worse) indices into `responses`, ties dropped, in order."""
        ranks = [response.rank for response in self.responses]
        return [(i, j) for i in range(len(ranks)) for j in range(len(ranks)) if ranks[i] < ranks[j]]


@dataclass(frozen=True, slots=True)
class SampledResponse(Format):
    """What a model said to a prompt: sample `number`, from 0, of the K drawn. The text may be empty."""

    prompt_id: str
    number: int = field(metadata={"minimum": 0})
    text: str
    finish_reason: FinishReason
    prompt_tokens: int = field(metadata={"minimum": 0})
    response_tokens: int = field(metadata={"minimum": 0})
    seed: int = field(metadata={"minimum": 0})

    def check_rules(self, field: str) -> None:
        _check_present(self.prompt_id, join(field, "prompt_id"))


@dataclass(frozen=True, slots=True)
class RewardedResponse(Format):
    """What a reward model gives one response of a ranking that it was not trained on, beside the labeler's rank."""

    ranking_id: str
    response_id: str
    rank: int = field(metadata={"minimum": 1, "maximum": 9})
    reward: float

    def check_rules(self, field: str) -> None:
        _check_present(self.ranking_id, join(field, "ranking_id"))
        _check_present(self.response_id, join(field, "response_id"))


@dataclass(frozen=True, slots=True)
class RewardDiagnostic(Format):
    """One figure on how a reward model does on rankings that it was not trained on.

    `measure` "accuracy": of `count` pairs, the share that the rewards order as the labeler did; "calibration": that
    share among the pairs whose predicted share is about `predicted`; "length_correlation": of reward and length in
    tokens within each ranking, over `count` responses, and of the labelers' order and length as `predicted`.
    `by` says what the rows of a measure differ in, `group` is this row's value of it.
    """

    measure: Literal["accuracy", "calibration", "length_correlation"]
    by: Literal["all", "rank_distance", "labeler", "use_case", "probability"]
    group: str
    count: int = field(metadata={"minimum": 0})
    value: float
    predicted: float | None = None


@dataclass(frozen=True, slots=True)
class CrossValidationFold(Format):
    """What a reward model that some labelers taught makes of held-out rankings by them and by those it never saw.

    Accuracies are of `..._pairs` pairs: the share that the rewards order as the labeler did.
    """

    fold: int = field(metadata={"minimum": 0})
    seed: int = field(metadata={"minimum": 0})
    held_out_labelers: tuple[str, ...]
    training_rankings: int = field(metadata={"minimum": 1})
    training_pairs: int = field(metadata={"minimum": 1})
    training_accuracy: float
    held_out_pairs: int = field(metadata={"minimum": 1})
    held_out_accuracy: float


@dataclass(frozen=True, slots=True)
class PretrainingText(Format):
    """A piece of ordinary text, for the pretraining mix of SFT and the pretraining gradient of PPO-ptx."""

    text: str

    def check_rules(self, field: str) -> None:
        _check_present(self.text, join(field, "text"))


def _check_present(value: str, field: str) -> None:
    if not value:
        raise FormatError(field, "must not be empty")


def _check_distinct(ids: list[str], field: str) -> None:
    for index, value in enumerate(ids):
        if value in ids[:index]:
            raise FormatError(f"{field}[{index}].response_id", f"must be given once; {value!r} stands twice")
