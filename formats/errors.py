"""The one error that every reader of this package raises."""


class FormatError(ValueError):
    """A value that does not fit the contract.

    `field` is the dotted name of what is wrong (`responses[1].rank`), `message` says what would be right, and
    `line` is the line of the JSONL file, counted from 1, where there is one.
    """

    def __init__(self, field: str, message: str, *, line: int | None = None) -> None:
        super().__init__(field, message, line)
        self.field = field
        self.message = message
        self.line = line

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line is not None else ""
        return f"{place}{self.field}: {self.message}" if self.field else f"{place}{self.message}"

    def at_line(self, line: int) -> "FormatError":
        """The same error, told for a line of a file."""
        return FormatError(self.field, self.message, line=line)
