"""What stops a run that a person must change something about."""


class TrainingError(Exception):
    """A run cannot go on, and another attempt would fail in the same way.

    `code` is stable, `message` is one line for a person, `field` is the dotted setting or input to change, or empty.
    """

    def __init__(self, code: str, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class PreemptedError(Exception):
    """The process was asked to stop, and has saved a checkpoint to go on from."""
