"""What the API sends and takes, written from its schema by `make schema`: not to be edited.

Moments are texts as in ISO 8601.
"""

from typing import Any, Literal, NotRequired, TypedDict

OnErrorEnum = Literal["keep_good", "nothing"]


class ConfirmImportRequest(TypedDict):
    """What to do with a file that was previewed."""

    on_error: OnErrorEnum


DatasetKindEnum = Literal["demonstrations", "comparisons", "prompts"]


class CreateDatasetRequest(TypedDict):
    """A new dataset."""

    name: str
    kind: DatasetKindEnum
    description: NotRequired[str]


PriorityModeEnum = Literal["helpful_first", "truthful_harmless_first"]

ProjectKindEnum = Literal["demonstration", "comparison", "evaluation", "toxicity"]

QuestionKeyEnum = Literal[
    "fails_instruction",
    "inappropriate_for_assistant",
    "hallucination",
    "satisfies_constraint",
    "sexual_content",
    "violent_content",
    "encourages_harm",
    "denigrates_protected_class",
    "harmful_advice",
    "expresses_opinion",
    "moral_judgment",
    "input_toxicity",
    "output_toxicity",
    "relative_toxicity",
    "continuity",
]


class CreateProjectRequest(TypedDict):
    """A new project. Questions left out are the paper's eleven, or the toxicity task's four scales."""

    name: str
    kind: ProjectKindEnum
    # Markdown.
    instructions: str
    description: NotRequired[str]
    # K; comparison only: an evaluation has one response of each source.
    responses_per_task: NotRequired[int]
    # How many labelers answer each task.
    overlap: NotRequired[int]
    # Left out: helpful first; in an evaluation truthful and harmless first.
    priority_mode: NotRequired[PriorityModeEnum]
    questions: NotRequired[list[QuestionKeyEnum]]
    lease_minutes: NotRequired[int]
    member_ids: NotRequired[list[int]]
    # Evaluation and toxicity: the 2 to 9 batches that are compared. Fixed from then on.
    source_ids: NotRequired[list[int]]
    # The one of the sources that the others are held to.
    baseline_id: NotRequired[int]


class InputChoiceRequest(TypedDict):
    """What a run reads in one role: exactly one of the three."""

    checkpoint_id: NotRequired[int]
    endpoint_id: NotRequired[int]
    dataset_version_id: NotRequired[int]


LauncherEnum = Literal["local", "accelerate", "ray"]


class LaunchRequest(TypedDict):
    """Where a run computes; `run-kinds` says what this server offers."""

    launcher: NotRequired[LauncherEnum]
    # Each takes a GPU, where there are any.
    processes: NotRequired[int]
    # One of the addresses that `run-kinds` lists.
    ray_address: NotRequired[str]


RunKindEnum = Literal["sample", "sft", "reward_model", "ppo", "dpo"]


class CreateRunRequest(TypedDict):
    """A run to start. `run-kinds` says which inputs and settings each kind has."""

    kind: RunKindEnum
    name: NotRequired[str]
    # Settings by name; those left out have the paper's values.
    config: dict[str, Any]
    # By role.
    inputs: dict[str, InputChoiceRequest]
    launch: NotRequired[LaunchRequest]
    # Sample runs: the project whose queue the responses go to.
    target_project_id: NotRequired[int | None]


PiiStateEnum = Literal["unscanned", "clean", "open", "reviewed"]

PromptKindEnum = Literal["plain", "few_shot", "user_based", "customer", "imported"]

SplitEnum = Literal["train", "valid", "test"]

UseCaseEnum = Literal[
    "generation",
    "open_qa",
    "brainstorming",
    "chat",
    "rewrite",
    "summarization",
    "classification",
    "other",
    "closed_qa",
    "extract",
]


class PromptFilterRequest(TypedDict):
    """Filters of the list of prompts."""

    # Words; "a phrase", -without and or as in a web search.
    search: NotRequired[str]
    use_case: NotRequired[UseCaseEnum]
    kind: NotRequired[PromptKindEnum]
    split: NotRequired[SplitEnum]
    language: NotRequired[str]
    submitter: NotRequired[str]
    tag: NotRequired[str]
    pii_state: NotRequired[PiiStateEnum]
    prompt_import: NotRequired[int]
    # None that came later than this one.
    up_to_id: NotRequired[int]
    archived: NotRequired[bool]


class CreateTasksRequest(TypedDict):
    """Prompts by id or by filter; a comparison names the batch of its responses; an evaluation has its sources."""

    prompt_ids: NotRequired[list[int]]
    filter: NotRequired[PromptFilterRequest]
    batch_id: NotRequired[int | None]
    limit: NotRequired[int]


class SkippedPrompt(TypedDict):
    """A prompt that became no task."""

    prompt_id: int
    reason: str


class CreatedTasks(TypedDict):
    """What became of the prompts; `skipped` lists the first thousand."""

    created: int
    # Evaluation: tasks whose prompt is of the train split, which a model may have learned.
    train_count: int
    skipped_count: int
    # Of those skipped: they are in the project already.
    already_count: int
    skipped: list[SkippedPrompt]


DatasetVersionStateEnum = Literal["queued", "writing", "ready", "failed"]


class NewestVersion(TypedDict):
    """The newest version of a dataset."""

    id: int
    number: int
    state: DatasetVersionStateEnum


class Dataset(TypedDict):
    """A dataset."""

    id: int
    name: str
    kind: DatasetKindEnum
    description: str
    version_count: int
    newest_version: NewestVersion | None
    created_at: str
    archived_at: str | None


QuestionEnum = Literal[
    "fails_instruction",
    "inappropriate_for_assistant",
    "hallucination",
    "satisfies_constraint",
    "sexual_content",
    "violent_content",
    "encourages_harm",
    "denigrates_protected_class",
    "harmful_advice",
    "expresses_opinion",
    "moral_judgment",
]

ResponsesEnum = Literal["any", "every", "no"]


class AnswerRule(TypedDict):
    """What has to be so of the answers to a question, for a ranking to be taken. A missing answer is no answer."""

    question: QuestionEnum
    answer: bool
    # Of which responses this must hold.
    responses: ResponsesEnum


SeveralEnum = Literal["all", "majority", "weight", "first"]

TiesEnum = Literal["keep", "break_by_quality", "leave_out", "only_strict"]


class AnyFilters(TypedDict):
    """The filters of all kinds: `kinds` and `languages` are for prompts, those on submissions for the others."""

    # Of this language of filters; 2 is the newest.
    version: NotRequired[int]
    # Projects of the dataset's kind, or of any kind for prompts; all where left out.
    project_ids: NotRequired[list[int]]
    # Of the prompt.
    use_cases: NotRequired[list[UseCaseEnum]]
    # Splits to write; all where left out.
    splits: NotRequired[list[SplitEnum]]
    # Who said it.
    labeler_ids: NotRequired[list[int]]
    # Who said it, by groups: their members of now are added to labeler_ids.
    cohort_ids: NotRequired[list[int]]
    # Whose answers to leave out.
    without_labeler_ids: NotRequired[list[int]]
    # Submitted at or after.
    submitted_from: NotRequired[str]
    # Submitted before.
    submitted_to: NotRequired[str]
    # Answers given faster are left out.
    min_active_seconds: NotRequired[int]
    # Answers that took longer are left out.
    max_active_seconds: NotRequired[int]
    # The instructions that the labeler had.
    instruction_version_ids: NotRequired[list[int]]
    # Instructions whose answers to leave out.
    without_instruction_version_ids: NotRequired[list[int]]
    # The checkpoints that the responses were sampled from.
    checkpoint_ids: NotRequired[list[int]]
    answers: NotRequired[list[AnswerRule]]
    # Of the pairs that two labelers of a task ordered, at least so many ordered alike. A task that one labeler …
    min_agreement_percent: NotRequired[int]
    # Where several labelers answered one task: majority and weight of rankings, first of demonstrations.
    several: NotRequired[SeveralEnum]
    # What to do with equal ranks.
    ties: NotRequired[TiesEnum]
    # Where prompts come from.
    kinds: NotRequired[list[PromptKindEnum]]
    # Language codes.
    languages: NotRequired[list[str]]


FormatEnum = Literal["jsonl", "parquet"]


class DatasetFile(TypedDict):
    """A file of a version."""

    name: str
    split: SplitEnum
    format: FormatEnum
    rows: int
    size_bytes: int
    sha256: str
    url: str


class DatasetName(TypedDict):
    """Which dataset a version is of."""

    id: int
    name: str
    kind: DatasetKindEnum


class DatasetVersion(TypedDict):
    """A version."""

    id: int
    dataset: DatasetName
    number: int
    state: DatasetVersionStateEnum
    query: AnyFilters
    # What the ids in `query` are called, by filter and id.
    query_names: dict[str, dict[str, str]]
    rows_total: int | None
    rows_written: int
    pair_count: int
    split_counts: dict[str, int]
    files: list[DatasetFile]
    manifest_url: str | None
    # Of manifest.json.
    sha256: str
    error: str
    # Empty: nobody of the workspace.
    created_by: str
    created_at: str
    frozen_at: str | None


class FieldError(TypedDict):
    """One wrong field."""

    # Dotted path of the field, e.g. `judgments.2.rank`; empty for the whole.
    field: str
    message: str


class Error(TypedDict):
    """The body of every 4xx answer."""

    code: str
    message: str
    errors: list[FieldError]
    data: dict[str, Any]


class AnswerRuleRequest(TypedDict):
    """What has to be so of the answers to a question, for a ranking to be taken. A missing answer is no answer."""

    question: QuestionEnum
    answer: bool
    # Of which responses this must hold.
    responses: ResponsesEnum


class AnyFiltersRequest(TypedDict):
    """The filters of all kinds: `kinds` and `languages` are for prompts, those on submissions for the others."""

    # Of this language of filters; 2 is the newest.
    version: NotRequired[int]
    # Projects of the dataset's kind, or of any kind for prompts; all where left out.
    project_ids: NotRequired[list[int]]
    # Of the prompt.
    use_cases: NotRequired[list[UseCaseEnum]]
    # Splits to write; all where left out.
    splits: NotRequired[list[SplitEnum]]
    # Who said it.
    labeler_ids: NotRequired[list[int]]
    # Who said it, by groups: their members of now are added to labeler_ids.
    cohort_ids: NotRequired[list[int]]
    # Whose answers to leave out.
    without_labeler_ids: NotRequired[list[int]]
    # Submitted at or after.
    submitted_from: NotRequired[str]
    # Submitted before.
    submitted_to: NotRequired[str]
    # Answers given faster are left out.
    min_active_seconds: NotRequired[int]
    # Answers that took longer are left out.
    max_active_seconds: NotRequired[int]
    # The instructions that the labeler had.
    instruction_version_ids: NotRequired[list[int]]
    # Instructions whose answers to leave out.
    without_instruction_version_ids: NotRequired[list[int]]
    # The checkpoints that the responses were sampled from.
    checkpoint_ids: NotRequired[list[int]]
    answers: NotRequired[list[AnswerRuleRequest]]
    # Of the pairs that two labelers of a task ordered, at least so many ordered alike. A task that one labeler …
    min_agreement_percent: NotRequired[int]
    # Where several labelers answered one task: majority and weight of rankings, first of demonstrations.
    several: NotRequired[SeveralEnum]
    # What to do with equal ranks.
    ties: NotRequired[TiesEnum]
    # Where prompts come from.
    kinds: NotRequired[list[PromptKindEnum]]
    # Language codes.
    languages: NotRequired[list[str]]


class FreezeDatasetRequest(TypedDict):
    """What to freeze."""

    query: NotRequired[AnyFiltersRequest]


class Log(TypedDict):
    """A piece of the log."""

    text: str
    # What to pass as `after` to get what comes next.
    next: int


class Metrics(TypedDict):
    """Rows of curves. A row whose step is smaller than the one before replaces everything from that step on."""

    rows: list[dict[str, float]]
    # What to pass as `after` to get what comes next.
    next: int


SourceEnum = Literal["incoming", "hub"]


class NameSourceRequest(TypedDict):
    """A source that this server reads by itself."""

    # How many prompts one submitter may have in the workspace.
    cap_per_submitter: NotRequired[int]
    # Prompts that share a beginning so long are duplicates: 64 characters or more; 0 is off.
    prefix_characters: NotRequired[int]
    # Prompts that share so much of their word triples are duplicates: 0.7 to 1; 0 is off.
    near_similarity: NotRequired[float]
    # Which column holds which field (prompt, messages, kind, use_case, submitter, language, annotations, …
    columns: NotRequired[dict[str, str]]
    # Each line is a request to an OpenAI-compatible chat API.
    is_chat_log: NotRequired[bool]
    # Why a log's lines need no record of consent. Without it, lines that have none are left out.
    consent_note: NotRequired[str]
    # Import what is added to the log, too, as it grows.
    follows: NotRequired[bool]
    # What to call it, and the batch of the responses that it brings; else they are called as the file.
    title: NotRequired[str]
    # `incoming`: what lies in IMPORT_DIR; `hub`: a dataset of the Hugging Face hub.
    source: SourceEnum
    name: str
    revision: NotRequired[str]


class OutputFile(TypedDict):
    """A file that a run left."""

    name: str
    size_bytes: int
    sha256: str


CheckpointKindEnum = Literal["base", "sft", "reward_model", "policy"]

UsedAsEnum = Literal["initial_weights", "reward_model"]


class CheckpointParent(TypedDict):
    """What a checkpoint was made from."""

    id: int
    name: str
    kind: CheckpointKindEnum
    used_as: UsedAsEnum


class Checkpoint(TypedDict):
    """A checkpoint."""

    id: int
    name: str
    kind: CheckpointKindEnum
    # A directory relative to DATA_DIR, an absolute directory, or a Hugging Face hub name.
    location: str
    # Of the manifest; empty for a hub name.
    sha256: str
    size_bytes: int
    metrics: dict[str, Any]
    description: str
    parents: list[CheckpointParent]
    created_at: str
    archived_at: str | None


class PaginatedCheckpointList(TypedDict):
    count: int
    next: NotRequired[str | None]
    previous: NotRequired[str | None]
    results: list[Checkpoint]


class PaginatedDatasetList(TypedDict):
    count: int
    next: NotRequired[str | None]
    previous: NotRequired[str | None]
    results: list[Dataset]


class PaginatedDatasetVersionList(TypedDict):
    count: int
    next: NotRequired[str | None]
    previous: NotRequired[str | None]
    results: list[DatasetVersion]


VerdictEnum = Literal["new", "duplicate", "prefix", "near", "over_cap", "no_consent"]


class DroppedLine(TypedDict):
    """A line that became no prompt: why, and of which prompt or line of the file it is a duplicate."""

    import_id: int
    line: int
    verdict: VerdictEnum
    explanation: str
    duplicate_of: int | None
    # Of the same import, where it is not yet written.
    duplicate_of_line: int | None
    # Shared word triples, from 0 to 1.
    similarity: float | None
    # Empty: nobody in particular.
    submitter: str
    text: str


class PaginatedDroppedLineList(TypedDict):
    count: int
    next: NotRequired[str | None]
    previous: NotRequired[str | None]
    results: list[DroppedLine]


class Endpoint(TypedDict):
    """An endpoint. Its key is not shown; only whether there is one."""

    id: int
    name: str
    base_url: str
    model: str
    has_api_key: bool
    timeout_seconds: int
    max_concurrency: int
    created_at: str
    archived_at: str | None


class PaginatedEndpointList(TypedDict):
    count: int
    next: NotRequired[str | None]
    previous: NotRequired[str | None]
    results: list[Endpoint]


class AssignmentCounts(TypedDict):
    """How many slots stand where; a lease that has run out counts as open."""

    open: int
    leased: int
    submitted: int


class NewestInstructions(TypedDict):
    """Which instructions stand now."""

    id: int
    number: int


ProjectStateEnum = Literal["active", "paused", "archived"]


class Project(TypedDict):
    """A project with how far it is."""

    id: int
    name: str
    kind: ProjectKindEnum
    state: ProjectStateEnum
    description: str
    # K: 4 to 9; 2 to 9 in an evaluation.
    responses_per_task: int
    # How many labelers answer each task.
    overlap: int
    priority_mode: PriorityModeEnum
    questions: list[QuestionKeyEnum]
    lease_minutes: int
    # Whether labelers see how often they agree with the project's researchers.
    show_agreement: bool
    member_count: int
    task_count: int
    assignment_counts: AssignmentCounts
    instruction_version: NewestInstructions
    created_at: str


class PaginatedProjectList(TypedDict):
    count: int
    next: NotRequired[str | None]
    previous: NotRequired[str | None]
    results: list[Project]


FileFormatEnum = Literal["jsonl", "csv", "parquet", "directory", "hub", "chat_log"]

ImportStateEnum = Literal["checking", "previewed", "importing", "imported", "refused", "undoing", "undone"]


class PromptImportRow(TypedDict):
    """An import in the list. `steps_done` of `steps_total` is how far the present work is."""

    id: int
    # What a person calls it; empty: as its file.
    title: str
    # Of a dataset directory or hub dataset: its name.
    file_name: str
    file_format: FileFormatEnum
    state: ImportStateEnum
    error: str
    on_error: OnErrorEnum
    # A log that grows: what is added to it is imported too.
    follows: bool
    # Bytes while it is read, lines after that.
    steps_done: int
    steps_total: int
    cap_per_submitter: int
    # A shared beginning so long; 0 is off.
    prefix_characters: int
    # Shared word triples from which on; 0 is off.
    near_similarity: float
    # Why a log's lines need no record of consent.
    consent_note: str
    line_count: int
    good_count: int
    # The same words as another prompt.
    duplicate_count: int
    # The same long beginning as another.
    prefix_count: int
    # Nearly the same words as another.
    near_count: int
    over_cap_count: int
    no_consent_count: int
    bad_count: int
    # Responses that the file brings along.
    response_count: int
    imported_count: int
    # Undone: prompts that went.
    removed_count: int
    # Undone: prompts in use, archived instead.
    archived_count: int
    created_by: str
    created_at: str
    imported_at: str | None


class PaginatedPromptImportRowList(TypedDict):
    count: int
    next: NotRequired[str | None]
    previous: NotRequired[str | None]
    results: list[PromptImportRow]


class CheckpointBrief(TypedDict):
    """A checkpoint by name."""

    id: int
    name: str
    kind: CheckpointKindEnum


class Person(TypedDict):
    """A person by name."""

    id: int
    name: str
    email: str


class ProjectBrief(TypedDict):
    """A project by name."""

    id: int
    name: str


class DatasetVersionBrief(TypedDict):
    """A dataset version by name."""

    id: int
    name: str
    dataset_id: int
    number: int
    kind: DatasetKindEnum


class EndpointBrief(TypedDict):
    """An endpoint by name."""

    id: int
    name: str
    model: str


class RunInput(TypedDict):
    """What a run reads in one role."""

    # model, endpoint, reward_model, demonstrations, comparisons, prompts or pretraining.
    role: str
    checkpoint: CheckpointBrief | None
    endpoint: EndpointBrief | None
    dataset_version: DatasetVersionBrief | None


RunStateEnum = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class SampleBatchBrief(TypedDict):
    """What a sample run drew."""

    id: int
    name: str
    response_count: int


class Run(TypedDict):
    """A run: what it was told, how far it is, what it made."""

    id: int
    kind: RunKindEnum
    name: str
    state: RunStateEnum
    config: dict[str, Any]
    inputs: list[RunInput]
    # How often it was started; a resume counts.
    attempt: int
    # Attempts that broke off by themselves since a person last started it.
    failures: int
    # So many failures end the run.
    max_attempts: int
    # host:cpu:0, host:cuda:0 or host:cuda:0,1, held while it runs; empty if it needs none here.
    device: str
    launcher: LauncherEnum
    # So many compute it together, each on its GPU.
    processes: int
    # Of the cluster's jobs server.
    ray_address: str
    # What it does now; of a queued run also why nobody takes it.
    phase: str
    step: int
    total_steps: int | None
    eta_seconds: float | None
    # Summed over the attempts.
    running_seconds: float
    gpu_hours: float
    # Last value of each metric, final figures, and `warnings`: a list of sentences where there are any.
    summary: dict[str, Any]
    error_code: str
    error_message: str
    cancel_requested_at: str | None
    heartbeat_at: str | None
    checkpoint: CheckpointBrief | None
    sample_batch: SampleBatchBrief | None
    target_project: ProjectBrief | None
    created_by: Person | None
    created_at: str
    started_at: str | None
    ended_at: str | None


class PaginatedRunList(TypedDict):
    count: int
    next: NotRequired[str | None]
    previous: NotRequired[str | None]
    results: list[Run]


class Source(TypedDict):
    """A checkpoint or endpoint that something came from."""

    id: int
    name: str


class SampleBatch(TypedDict):
    """Responses that were drawn together."""

    id: int
    name: str
    checkpoint: Source | None
    endpoint: Source | None
    parameters: dict[str, Any]
    response_count: int
    created_at: str


class PaginatedSampleBatchList(TypedDict):
    count: int
    next: NotRequired[str | None]
    previous: NotRequired[str | None]
    results: list[SampleBatch]


RoleEnum = Literal["labeler", "researcher", "admin"]


class User(TypedDict):
    """A person as researchers and admins see them."""

    id: int
    email: str
    name: str
    role: RoleEnum
    pseudonym: str
    is_active: bool
    date_joined: str
    last_login: str | None


class PaginatedUserList(TypedDict):
    count: int
    next: NotRequired[str | None]
    previous: NotRequired[str | None]
    results: list[User]


class DatasetAgreement(TypedDict):
    """How labelers of the same tasks agree over the pairs of responses that both ordered."""

    tasks: int
    pairs: int
    agreeing: int
    rate: float
    # Of the 95 % interval.
    low: float
    high: float


class InstructionCount(TypedDict):
    """How many answers followed a version of a project's instructions."""

    id: int
    number: int
    project_id: int
    project: str
    rows: int


class LabelerCount(TypedDict):
    """How many answers of a labeler are in it."""

    id: int
    name: str
    pseudonym: str
    rows: int


class SplitCounts(TypedDict):
    """How many rows are in each split."""

    train: int
    valid: int
    test: int


class Warning(TypedDict):
    """Something worth knowing before freezing."""

    code: str
    message: str


class Preview(TypedDict):
    """What freezing would give now."""

    # The filters in the form in which they would be kept.
    query: AnyFilters
    rows: int
    # Pairs of responses, one ranked above the other; 0 but for comparisons.
    pairs: int
    rows_without_pairs: int
    split_counts: SplitCounts
    agreement: DatasetAgreement | None
    labelers: list[LabelerCount]
    instruction_versions: list[InstructionCount]
    warnings: list[Warning]


class PreviewQueryRequest(TypedDict):
    """What to count."""

    kind: DatasetKindEnum
    query: NotRequired[AnyFiltersRequest]


class BadLine(TypedDict):
    """A line that is no prompt."""

    line: int
    field: str
    message: str
    # The beginning of the line.
    text: str


class GoodLine(TypedDict):
    """A line that would become a prompt."""

    line: int
    text: str
    kind: str
    use_case: str
    submitter: str
    language: str
    # How many responses the line brings along.
    responses: int


class KeptPrompt(TypedDict):
    """A prompt of an undone import that somebody had used."""

    id: int
    text: str


class ImportReport(TypedDict):
    """The first bad lines and the first good ones; of an undone import, the first that are archived."""

    bad: list[BadLine]
    good: list[GoodLine]
    kept: NotRequired[list[KeptPrompt]]


class PromptImport(TypedDict):
    """An import with its report."""

    id: int
    # What a person calls it; empty: as its file.
    title: str
    # Of a dataset directory or hub dataset: its name.
    file_name: str
    file_format: FileFormatEnum
    state: ImportStateEnum
    error: str
    on_error: OnErrorEnum
    # A log that grows: what is added to it is imported too.
    follows: bool
    # Bytes while it is read, lines after that.
    steps_done: int
    steps_total: int
    cap_per_submitter: int
    # A shared beginning so long; 0 is off.
    prefix_characters: int
    # Shared word triples from which on; 0 is off.
    near_similarity: float
    # Why a log's lines need no record of consent.
    consent_note: str
    line_count: int
    good_count: int
    # The same words as another prompt.
    duplicate_count: int
    # The same long beginning as another.
    prefix_count: int
    # Nearly the same words as another.
    near_count: int
    over_cap_count: int
    no_consent_count: int
    bad_count: int
    # Responses that the file brings along.
    response_count: int
    imported_count: int
    # Undone: prompts that went.
    removed_count: int
    # Undone: prompts in use, archived instead.
    archived_count: int
    created_by: str
    created_at: str
    imported_at: str | None
    # Of a hub dataset.
    revision: str
    columns: dict[str, str]
    report: ImportReport


class Launcher(TypedDict):
    """A place where this server can compute a run of the kind."""

    launcher: LauncherEnum
    label: str
    help: str
    most_processes: int
    # Of the clusters to choose from.
    addresses: list[str]


class Preset(TypedDict):
    """A named set of values."""

    name: str
    label: str
    values: dict[str, Any]


AcceptsEnum = Literal["checkpoint", "endpoint", "dataset_version"]


class RunInputKind(TypedDict):
    """A role of a kind of run."""

    role: str
    label: str
    accepts: AcceptsEnum
    # Of checkpoints or datasets that fit.
    kinds: list[str]
    required: bool
    help: str


GroupEnum = Literal["basic", "advanced"]

TypeEnum = Literal["integer", "number", "boolean", "text", "choice"]


class Setting(TypedDict):
    """A setting that explains itself."""

    name: str
    type: TypeEnum
    choices: list[str]
    default: Any
    label: str
    help: str
    unit: str
    minimum: float | None
    maximum: float | None
    group: GroupEnum
    source: str


class RunKind(TypedDict):
    """All that the launch form of one kind of run shows."""

    kind: RunKindEnum
    label: str
    description: str
    inputs: list[RunInputKind]
    launchers: list[Launcher]
    fields: list[Setting]
    defaults: dict[str, Any]
    presets: list[Preset]


class SampleIntoRequest(TypedDict):
    """Which of a project's prompts to sample for."""

    project_id: int
    limit: NotRequired[int]
    # All prompts of these, instead of the project's own.
    use_cases: NotRequired[list[UseCaseEnum]]
    config: NotRequired[dict[str, Any]]


class UploadPromptsRequest(TypedDict):
    """A file of prompts."""

    # How many prompts one submitter may have in the workspace.
    cap_per_submitter: NotRequired[int]
    # Prompts that share a beginning so long are duplicates: 64 characters or more; 0 is off.
    prefix_characters: NotRequired[int]
    # Prompts that share so much of their word triples are duplicates: 0.7 to 1; 0 is off.
    near_similarity: NotRequired[float]
    # Which column holds which field (prompt, messages, kind, use_case, submitter, language, annotations, …
    columns: NotRequired[dict[str, str]]
    # Each line is a request to an OpenAI-compatible chat API.
    is_chat_log: NotRequired[bool]
    # Why a log's lines need no record of consent. Without it, lines that have none are left out.
    consent_note: NotRequired[str]
    # Import what is added to the log, too, as it grows.
    follows: NotRequired[bool]
    # What to call it, and the batch of the responses that it brings; else they are called as the file.
    title: NotRequired[str]
    # JSON lines (.jsonl), CSV (.csv), both UTF-8 and also as .gz, or Parquet (.parquet).
    file: bytes
