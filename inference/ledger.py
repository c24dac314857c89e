"""What a sample run has drawn so far, safe against a kill at any moment.

Each attempt appends to its own `samples.jsonl` and syncs it to disk; a later attempt reads those of all before it. A
last line without its newline was being written when the process died: it is dropped, and that sample drawn again.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from formats.jsonl import dump_json, parse_json
from formats.records import SampledResponse
from formats.run_directory import AttemptDirectory, RunDirectory

Key = tuple[str, int]


class SampleLedger:
    """Samples by (prompt id, number). Use as a context manager: the file of the attempt stays open within."""

    def __init__(self, directory: RunDirectory, attempt: AttemptDirectory) -> None:
        self._samples: dict[Key, SampledResponse] = {}
        for earlier in directory.attempts():
            for sample in _read_whole_lines(_path(earlier)):
                self._samples[sample.prompt_id, sample.number] = sample
        _drop_torn_line(_path(attempt))
        self._file = _path(attempt).open("ab")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __contains__(self, key: Key) -> bool:
        return key in self._samples

    def __len__(self) -> int:
        return len(self._samples)

    def add(self, samples: Iterable[SampledResponse]) -> None:
        """Append samples and return once they are on disk."""
        new = list(samples)
        self._file.write(b"".join(dump_json(sample.to_json()) + b"\n" for sample in new))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._samples.update({(sample.prompt_id, sample.number): sample for sample in new})

    def ordered(self, prompt_ids: Iterable[str]) -> Iterator[SampledResponse]:
        """All samples, by the order of the prompts and then by number, whatever order they were drawn in."""
        places = {prompt_id: place for place, prompt_id in enumerate(prompt_ids)}
        for key in sorted(self._samples, key=lambda key: (places[key[0]], key[1])):
            yield self._samples[key]


def _path(attempt: AttemptDirectory) -> Path:
    return attempt.root / "samples.jsonl"


def _read_whole_lines(path: Path) -> Iterator[SampledResponse]:
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield SampledResponse.from_json(parse_json(line))


def _drop_torn_line(path: Path) -> None:
    """Cut the file after its last newline, or the next line would be appended to half a line."""
    if not path.exists():
        return
    data = path.read_bytes()
    os.truncate(path, data.rfind(b"\n") + 1)
