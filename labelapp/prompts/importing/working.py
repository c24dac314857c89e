"""What a worker does for an import, from wherever the one before it stopped."""

import errno

import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from django.db import DataError, OperationalError

from labelapp.prompts.import_models import PromptImport
from labelapp.prompts.importing import deciding, hub, reading, undoing, writing
from labelapp.prompts.importing.claiming import ClaimLost, ImportHeartbeat, advance, claim, publish_state, release
from labelapp.prompts.importing.sources import SourceProblem, open_source

logger = structlog.get_logger(__name__)

State, Format = PromptImport.State, PromptImport.Format


def work_on(import_id: int) -> None:
    """Claim an import and do what it waits for, a step for each claim, until it waits for nothing.

    What cannot be done stands in its row with the reason. A database or a worker that goes away leaves the row as it
    is: the sweeper rings again, and the work goes on.
    """
    while (claimed := claim(import_id)) is not None:
        publish_state(claimed)
        try:
            with ImportHeartbeat(claimed):
                _take_step(claimed)
            release(claimed)
        except ClaimLost:
            logger.warning("another worker has this import now", prompt_import=import_id)
            return
        except SoftTimeLimitExceeded:
            # It is taken for dead in a minute, and goes on; one that gets nowhere in all that time is given up.
            return
        except (SourceProblem, OSError, DataError) as error:
            logger.exception("import stopped", prompt_import=import_id)
            release(claimed, error=_reason(error))
        except OperationalError:
            raise
        except Exception:
            # A mistake of ours: the reason is for the log, and the row must not wait for ever.
            release(claimed, error="It stopped for a reason that nobody foresaw; the worker's log has it.")
            raise


def _take_step(claimed: PromptImport) -> None:
    if claimed.state == State.CHECKING:
        _check(claimed)
    elif claimed.state == State.IMPORTING:
        if deciding.is_outdated(claimed):
            deciding.decide(claimed)
        writing.write_lines(claimed)
    elif claimed.state == State.UNDOING:
        undoing.undo(claimed)


def _check(claimed: PromptImport) -> None:
    """Read and decide; a log that is followed was confirmed before, and goes straight on."""
    if claimed.file_format == Format.HUB and "file" not in claimed.position:
        hub.fetch(claimed)
    reading.read_source(claimed, open_source(claimed))
    deciding.decide(claimed)
    # The claim ends here: to write, it must wait for its turn like any other.
    advance(claimed, state=State.IMPORTING if claimed.on_error else State.PREVIEWED, heartbeat_at=None)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "The disk is full. Make room and go on."
    if isinstance(error, OSError):
        return f"The file cannot be read: {error.strerror or error}."
    return str(error).strip().splitlines()[0][:500]
