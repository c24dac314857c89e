"""The pages worth a picture, who looks at each, and what is done on it before."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from scripts import pictured_acts as acts


@dataclass(frozen=True, slots=True)
class Shot:
    """A page, who looks at it, what it shows, and what is done before the picture."""

    name: str
    person: str
    path: str
    caption: str
    prepare: Callable[[Page], None] = lambda _page: None
    language: str = "en-GB"
    # Without those of a phone, where it has no use.
    is_for_phones: bool = True


def shots(url: str, ids: dict[str, int]) -> dict[str, list[Shot]]:
    """Every page worth a picture, by the part of the product that it belongs to."""
    return {
        "Labeling": labeling(url, ids),
        "A labeler's other pages": labeler_pages(ids),
        "Projects and review": projects(ids),
        "Prompts": prompts(ids),
        "Datasets": datasets(ids),
        "Runs and checkpoints": runs(ids),
        "People and the system": system(ids),
    }


def labeling(url: str, ids: dict[str, int]) -> list[Shot]:
    """The screens on which labels are made."""
    ranking, writing = f"/label/{ids['ranking']}", f"/label/{ids['writing']}"
    rich = f"/label/{ids['rich']}"
    ranked = acts.rank("6352")
    return [
        Shot("rating", "labeler2", ranking, "Rating one output at a time, with the paper's questions."),
        Shot("labeling", "labeler", ranking, "Ranking all on their full text; each digit places one.", ranked),
        Shot("rich-text", "labeler", rich, "Code, formulas and tables in an output.", acts.find_code),
        Shot("ranking-six", "labeler", rich, "Six outputs and a tie, read back in words.", acts.rank_six),
        Shot("right-to-left", "labeler", f"/label/{ids['arabic']}", "Text from right to left.", ranked),
        Shot("differences", "labeler", ranking, "Words that differ from the focused one.", acts.rank("6352", "d")),
        Shot("instructions", "labeler", ranking, "The instructions beside the task.", acts.rank("6352", "i")),
        Shot("task-questions", "labeler", ranking, "Questions about a task and its project.", acts.rank("6352", "q")),
        Shot("flag", "labeler", ranking, "Flagging what a researcher should see.", acts.rank("6352", "f")),
        Shot("skip", "labeler", ranking, "Skipping, with a reason in one key.", acts.rank("6352", "s")),
        Shot("keys", "labeler", ranking, "Every key.", acts.rank("6352", "?"), is_for_phones=False),
        Shot("offline", "labeler", ranking, "Without the network, work goes on.", acts.lose_the_network),
        Shot("offline-page", "labeler", ranking, "A page that was not opened before.", acts.open_without_network),
        Shot("break", "labeler", ranking, "A word about a break, after fifty minutes.", acts.work_long),
        Shot("german", "labeler", ranking, "The same in German.", ranked, language="de"),
        Shot("undo", "labeler2", ranking, "An answer can be taken back for ten seconds.", acts.submit),
        Shot("evaluation", "labeler", f"/label/{ids['evaluation']}", "An evaluation, blind.", acts.rank("635")),
        Shot("toxicity", "labeler", f"/label/{ids['toxicity']}", "The paper's toxicity task.", acts.rate("1")),
        Shot("demonstration", "labeler", writing, "Writing a demonstration.", acts.write_demonstration),
        Shot(
            "lost-lease",
            "labeler",
            writing,
            "A task that went to somebody else; what was done on it is kept.",
            acts.lost_lease(url, ids["writing"]),
        ),
        Shot("busy", "labeler", f"/label/{ids['busy']}", "Every task is held by others, until a known time."),
        Shot("empty", "labeler", f"/label/{ids['empty']}", "Nothing is left."),
    ]


def labeler_pages(ids: dict[str, int]) -> list[Shot]:
    """What a labeler sees between tasks."""
    new = "/write/new?kind="
    return [
        Shot("login", "", "/login", "Logging in."),
        Shot("password-reset", "", "/password-reset", "Asking for a new password."),
        Shot("home-labeler", "labeler", "/", "Home: the work, the day and the pace."),
        Shot("own-agreement", "labeler", "/", "How often one agrees with the researchers.", acts.see_agreement),
        Shot("projects-labeler", "labeler", "/label", "The projects that one is a member of."),
        Shot("write", "labeler", "/write", "Prompts and drafts of one's own."),
        Shot("write-plain", "labeler", f"{new}plain", "A plain prompt, and an earlier one like it.", acts.write_plain),
        Shot("write-few-shot", "labeler", f"{new}few_shot", "A few-shot prompt with its pairs.", acts.write_few_shot),
        Shot(
            "write-user-based",
            "labeler",
            f"{new}user_based",
            "A prompt from a use case, made vague; what reveals somebody is pointed out.",
            acts.write_user_based,
        ),
        Shot("write-view", "labeler", f"/write/{ids['written']}", "A prompt that was added."),
        Shot("history", "labeler", "/history", "The history, from which answers are revised."),
        Shot("questions", "labeler", "/questions", "Questions, flags, skips and what became of them."),
        Shot("thread", "labeler", f"/questions?task={ids['reviewed']}", "The questions about one task."),
        Shot("profile", "labeler", "/profile", "The profile: password, language, breaks, API tokens."),
    ]


def projects(ids: dict[str, int]) -> list[Shot]:
    """A researcher's projects, and what labelers ask in them."""
    ranked, ranking = f"/projects/{ids['ranked']}", f"/projects/{ids['ranking']}"
    return [
        Shot("home-researcher", "researcher", "/", "A researcher's home."),
        Shot("projects", "researcher", "/projects", "All projects."),
        Shot("evaluation-new", "researcher", "/projects/new?kind=evaluation", "A new project: an evaluation."),
        Shot("project", "researcher", ranked, "A project."),
        Shot("project-statistics", "researcher", f"{ranked}?tab=statistics", "How far its labelers agree."),
        Shot("project-submissions", "researcher", f"{ranked}?tab=submissions", "Its answers."),
        Shot("submission", "researcher", f"/submissions/{ids['submission']}", "One answer, with its revisions."),
        Shot("calibration", "researcher", f"{ranking}?tab=tasks", "Tasks for its calibration pool.", acts.choose_two),
        Shot("project-members", "researcher", f"{ranking}?tab=members", "Its members."),
        Shot("project-instructions", "researcher", f"{ranking}?tab=instructions", "Its instructions, by version."),
        Shot("project-settings", "researcher", f"{ranking}?tab=settings", "Its settings."),
        Shot("results", "researcher", f"/projects/{ids['evaluation']}/results", "The results of an evaluation."),
        Shot("review", "researcher", "/review", "What labelers skipped, flagged and asked."),
        Shot("review-task", "researcher", f"/review/{ids['reviewed']}", "One task in review."),
        Shot("review-replaced", "researcher", f"/review/{ids['replaced']}", "A task whose prompt was replaced."),
    ]


def prompts(ids: dict[str, int]) -> list[Shot]:
    """Prompts, and what is kept about them."""
    near, redacted = f"/prompts/{ids['near']}", f"/prompts/{ids['redacted']}"
    return [
        Shot("prompts", "researcher", "/prompts", "All prompts."),
        Shot("prompt", "researcher", f"/prompts/{ids['prompt']}", "A prompt with its responses."),
        Shot("near-duplicates", "researcher", near, "What is nearly the same.", acts.show("Nearly the same")),
        Shot("changes", "researcher", "/prompts/changes", "Changes to many prompts at once, each with its undo."),
        Shot("tables", "researcher", "/prompts/tables", "The paper's tables of the prompts."),
        Shot("import", "researcher", "/prompts/import", "Importing prompts."),
        Shot("import-report", "researcher", f"/prompts/imports/{ids['import']}", "What an import found."),
        Shot("consents", "researcher", "/prompts/consents", "Who consented to what, and who no longer does."),
        Shot("personal-data", "researcher", "/prompts/personal-data", "What looks like personal data."),
        Shot("prompt-redacted", "admin", redacted, "What was replaced, for admins alone.", acts.look_at_original),
    ]


def datasets(ids: dict[str, int]) -> list[Shot]:
    """Frozen versions, and who is left out of them."""
    dataset, version = f"/datasets/{ids['dataset']}", f"/datasets/versions/{ids['version']}"
    return [
        Shot("datasets", "researcher", "/datasets", "All datasets."),
        Shot("dataset", "researcher", dataset, "A dataset and its versions."),
        Shot("dataset-freeze", "researcher", f"{dataset}/freeze", "Freezing a version.", acts.choose_cohort),
        Shot("dataset-version", "researcher", version, "A frozen version: files, checksums, who is in it."),
        Shot(
            "dataset-changes",
            "researcher",
            f"/datasets/versions/{ids['next_version']}/compare",
            "What changed from one version to the next.",
        ),
        Shot("erasures", "admin", "/datasets/erasures", "Who asked to be left out."),
    ]


def runs(ids: dict[str, int]) -> list[Shot]:
    """Training, and what came of it."""
    ppo, compared = f"/runs/{ids['ppo']}", f"/runs/compare?a={ids['run']}&b={ids['reward']}"
    return [
        Shot("runs", "admin", "/runs", "All runs."),
        Shot("run-new", "admin", "/runs/new?kind=ppo", "Launching a run, with the paper's values."),
        Shot("run", "admin", f"/runs/{ids['run']}", "A supervised run.", acts.draw_curves),
        Shot("run-ppo", "admin", ppo, "A PPO run.", acts.draw_curves),
        Shot("run-frontier", "admin", ppo, "Its reward against its drift.", acts.draw_frontier),
        Shot("runs-compare", "admin", compared, "Two runs side by side.", acts.draw_curves),
        Shot("checkpoints", "admin", "/checkpoints", "All checkpoints."),
        Shot("checkpoint", "admin", f"/checkpoints/{ids['checkpoint']}", "A checkpoint and all that it came from."),
        Shot("endpoints", "admin", "/checkpoints/endpoints", "Servers to sample from."),
    ]


def system(ids: dict[str, int]) -> list[Shot]:
    """What admins look after."""
    webhook = f"/system/webhooks/{ids['webhook']}"
    return [
        Shot("home-admin", "admin", "/", "An admin's home."),
        Shot("people", "admin", "/people", "Everybody, and invitations."),
        Shot("person", "admin", f"/people/{ids['person']}", "What a labeler did, and how far they agree."),
        Shot("system", "admin", "/system", "Workers, queues and the disk."),
        Shot("webhooks", "admin", "/system/webhooks", "Programs that are told what happened."),
        Shot("webhook", "admin", webhook, "The log of what one was sent."),
        Shot("webhook-message", "admin", webhook, "One message, and the answer to it.", acts.open_message),
    ]
