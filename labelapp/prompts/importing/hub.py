"""Fetch a dataset of the Hugging Face hub: its data files alone, into a folder of ours; what is there stays there."""

from httpx import HTTPError
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, RepositoryNotFoundError

from labelapp.prompts.import_models import PromptImport
from labelapp.prompts.importing.sources import SourceProblem, stored_path

DATA_FILES = ["*.parquet", "*.jsonl", "*.csv", "*.jsonl.gz", "*.csv.gz"]


def fetch(prompt_import: PromptImport) -> None:
    """Download what is not there yet; an interrupted download goes on where it was. Raises SourceProblem."""
    name = prompt_import.file_name
    try:
        snapshot_download(
            name,
            repo_type="dataset",
            revision=prompt_import.revision or None,
            allow_patterns=DATA_FILES,
            local_dir=stored_path(prompt_import),
            max_workers=2,
        )
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise SourceProblem(f"The hub has no dataset {name}, or none that this server may read.") from error
    except (HfHubHTTPError, HTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        raise SourceProblem(f"The hub cannot be reached, or does not give {name}: {str(error)[:300]}") from error
