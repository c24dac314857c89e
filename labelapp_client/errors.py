"""What can go wrong, as exceptions. All are `LabelappError`; their text is one line that says what would be right."""

from typing import Any


class LabelappError(Exception):
    """Something that a script may want to handle."""


class NotConfigured(LabelappError):
    """The client lacks something that it needs: an address, a token, a package."""


class Unreachable(LabelappError):
    """The server gave no answer, however often it was asked."""


class WaitedTooLong(LabelappError):
    """What was waited for goes on; only the time for waiting is over."""


class DamagedDownload(LabelappError):
    """A file's content is not what the server had announced, twice."""


class NotDone(LabelappError):
    """What was waited for has ended otherwise than it should.

    Attributes:
        row: the import, version or run as the server described it last.
    """

    def __init__(self, message: str, *, row: Any) -> None:
        super().__init__(message)
        self.row = row


class Refused(LabelappError):
    """The server refused a request.

    Attributes:
        status: of HTTP, such as 404.
        code: stable, for programs, such as `invalid_input`.
        message: a sentence for people.
        errors: (dotted field, message) for each field that was wrong.
        data: named facts about the refusal.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str,
        errors: list[tuple[str, str]] | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors or []
        self.data = data or {}
        super().__init__("; ".join(self._sentences()))

    def _sentences(self) -> list[str]:
        """Each wrong field with its name; the message alone where no field is to blame."""
        return [f"{field}: {text}" if field else text for field, text in self.errors] or [self.message]
