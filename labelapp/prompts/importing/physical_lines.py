"""A file's lines as they stand in it, in bounded memory: none is held that is too long."""

from typing import BinaryIO

MAX_LINE_BYTES = 8 * 1024 * 1024


class LineTooLong(Exception):
    """A physical line of more than MAX_LINE_BYTES bytes; it has been read past."""


class UnpacksTooFar(Exception):
    """A compressed file that unpacks to more than it may."""


class PhysicalLines:
    """A file's lines with their number, none held that is longer than MAX_LINE_BYTES. Iterating yields them as text.

    Of a file that grows, a last line that is not ended yet is left for the next time; no file is read beyond
    `most_bytes`.
    """

    def __init__(self, file: BinaryIO, *, is_growing: bool = False, most_bytes: int | None = None) -> None:
        self.file, self.is_growing, self.most_bytes = file, is_growing, most_bytes
        self.offset = self.number = 0

    def go_to(self, offset: int, number: int) -> None:
        """Go on reading at a byte, which is the start of the line after line `number`."""
        self.file.seek(offset)
        self.offset, self.number = offset, number

    def read(self) -> bytes:
        """Return the next line, or b"" at the end. Raises UnpacksTooFar; LineTooLong, once it has been read past."""
        line = self.file.readline(MAX_LINE_BYTES + 1)
        if self.is_growing and len(line) <= MAX_LINE_BYTES and not line.endswith(b"\n"):
            return b""
        if line:
            self.number += 1
        self._pass(line)
        if len(line) > MAX_LINE_BYTES:
            while line and not line.endswith(b"\n"):
                line = self.file.readline(MAX_LINE_BYTES)
                self._pass(line)
            raise LineTooLong(f"The line has more than {MAX_LINE_BYTES:,} bytes.")
        return line

    def _pass(self, line: bytes) -> None:
        self.offset += len(line)
        if self.most_bytes is not None and self.offset > self.most_bytes:
            raise UnpacksTooFar

    def __iter__(self) -> "PhysicalLines":
        return self

    def __next__(self) -> str:
        line = self.read()
        if not line:
            raise StopIteration
        return line.decode(errors="surrogateescape")
