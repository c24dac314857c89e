"""Files that are wrong, and files that only look so: each made by code, with what is to be said of it.

`BAD` is every bad file: upload it or lay it where the server reads, and the import must name the line and the field, or
the whole source, say what would be right, and import the rows that are good and nothing else. `LEGAL` is what must come
in whole.
"""

import bz2
import gzip
import json
import lzma
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from labelapp.prompts.importing.lines import MAX_CELL_LENGTH

GOOD = b'{"prompt": "a good one"}\n'
LONG_LINES = (b"a" * 999 + b"\n") * (MAX_CELL_LENGTH // 999)
FORMULA = '=HYPERLINK("http://evil.example")'
Make = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class BadFile:
    """One case. `make` is the content, or writes the file or folder; `line` 0 is a source that is refused whole."""

    file_name: str
    make: bytes | Make
    line: int
    field: str
    message: str
    good: int = 0
    is_chat_log: bool = False

    def write(self, folder: Path) -> Path:
        """Write it into `folder`."""
        path = folder / self.file_name
        if isinstance(self.make, bytes):
            path.write_bytes(self.make)
        else:
            self.make(path)
        return path


def line(**fields: Any) -> bytes:
    """A JSON line."""
    return json.dumps(fields).encode() + b"\n"


# The second of three lines: its content, the field that is wrong, and a piece of the message.
JSON_LINES = {
    "not JSON": (b"hello\n", "", "must be JSON"),
    "cut short": (b'{"prompt": "a\n', "", "must be JSON"),
    "an array": (b"[1, 2]\n", "", "must be an object, not a list"),
    "a text": (b'"hello"\n', "", "must be an object, not a text"),
    "null": (b"null\n", "", "must be an object, not null"),
    "not UTF-8": (b'{"prompt": "caf\xe9"}\n', "", "must be UTF-8"),
    "a NUL in the text": (line(prompt="a\x00b"), "prompt", "NUL"),
    "a raw NUL": (b'{"prompt": "a\x00b"}\n', "", "must be JSON"),
    "a lone surrogate": (b'{"prompt": "\\ud800"}\n', "prompt", "lone surrogate"),
    "a lone surrogate as a key": (b'{"prompt": "a", "\\ud800": 1}\n', "?", "not a known field"),
    "a NUL as a key": (b'{"prompt": "a", "\\u0000": 1}\n', "\ufffd", "not a known field"),
    "a key twice": (b'{"prompt": "a", "prompt": "b"}\n', "prompt", "once"),
    "NaN": (b'{"prompt": "a", "annotations": NaN}\n', "", "no NaN"),
    "Infinity": (b'{"prompt": "a", "annotations": -Infinity}\n', "", "no -Infinity"),
    "a depth bomb": (b'{"prompt": ' + b"[" * 200_000 + b"\n", "", "nested less deeply"),
    "a huge number": (b'{"prompt": ' + b"9" * 10_000 + b"}\n", "", "must be JSON"),
    "a field of 10 MB": (b'{"prompt": "' + b"a" * 10_000_000 + b'"}\n', "", "8,388,608 bytes"),
    "an unknown field": (line(prompt="a", promt="b"), "promt", "did you mean prompt?"),
    "no prompt": (line(kind="plain"), "prompt", "must be given"),
    "both prompt and messages": (line(prompt="a", messages=[]), "prompt", "not both"),
    "an empty prompt": (line(prompt=" \n"), "prompt", "must not be empty"),
    "a prompt that is a number": (line(prompt=3), "prompt", "must be a text, not a whole number"),
    "a prompt that is too long": (line(prompt="é" * 100_001), "prompt", "at most 100,000 characters"),
    "no messages": (line(messages=[]), "messages", "at least one message"),
    "the assistant speaks last": (line(messages=[{"role": "assistant", "content": "a"}]), "messages[0].role", "user"),
    "an unknown role": (line(messages=[{"role": "tool", "content": "a"}]), "messages[0].role", "must be one of"),
    "a system message in the middle": (
        line(messages=[{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]),
        "messages[1].role",
        "must be user",
    ),
    "a blank message": (line(messages=[{"role": "user", "content": " "}]), "messages[0].content", "not be empty"),
    "an extra key in a message": (
        line(messages=[{"role": "user", "content": "a", "name": "b"}]),
        "messages[0].name",
        "not a known field",
    ),
    "messages too long together": (
        line(messages=[{"role": "user", "content": "a" * 60_000}] * 2),
        "messages",
        "100,000 characters in all",
    ),
    "an unknown kind": (line(prompt="a", kind="odd"), "kind", "must be one of plain"),
    "an unknown use case": (line(prompt="a", use_case="poetry"), "use_case", "must be one of generation"),
    "a use case that is null": (line(prompt="a", use_case=None), "use_case", "must be a text"),
    "an unknown annotation": (line(prompt="a", annotations={"ambigous": True}), "annotations.ambigous", "ambiguous?"),
    "an annotation that is a text": (line(prompt="a", annotations={"ambiguous": "yes"}), "annotations.ambiguous", ""),
    "annotations as a list": (line(prompt="a", annotations=["ambiguous"]), "annotations", "must be an object"),
    "a language in words": (line(prompt="a", language="English!"), "language", "such as en"),
    "a submitter that is too long": (line(prompt="a", submitter="x" * 201), "submitter", "at most 200"),
    "a submitter with NUL": (line(prompt="a", submitter="x\x00"), "submitter", "NUL"),
    "responses as a text": (line(prompt="a", responses="b"), "responses", "must be a list"),
    "a response that is a number": (line(prompt="a", responses=["b", 3]), "responses[1]", "must be a text"),
    "a response with other keys": (line(prompt="a", responses=[{"text": "b", "rank": 1}]), "responses[0]", "text"),
    "a response with a surrogate": (b'{"prompt": "a", "responses": ["\\udc00"]}\n', "responses[0]", "surrogate"),
    "too many responses": (line(prompt="a", responses=["b"] * 65), "responses", "at most 64"),
    "context that is too long": (line(prompt="a", deployment_context="x" * 10_001), "deployment_context", "10,000"),
}

# The rows after the header, the line and field that are wrong, and a piece of the message.
CSV_ROWS = {
    "too few cells": (b"only a prompt\n", 2, "", "must have 3 cells"),
    "too many cells": (b"a,b,en,extra\n", 2, "", "must have 3 cells"),
    "an empty prompt": (b",acme,en\n", 2, "prompt", "must not be empty"),
    "not UTF-8": (b"caf\xe9,acme,fr\n", 2, "", "must be UTF-8"),
    "a NUL": (b"a\x00b,acme,fr\n", 2, "prompt", "NUL"),
    "text after a quoted cell": (b'"a" b,acme,en\n', 2, "", "must be CSV"),
    "a carriage return alone": (b"a\rb,acme,en\n", 2, "", "must be CSV"),
    "an open quote": (b'"a,acme,en\n', 2, "", "not closed"),
    "a wrong language": (b"a,acme,klingon?\n", 2, "language", "such as en"),
    "a field of 10 MB": (b"a" * 10_000_000 + b",acme,en\n", 2, "", "8,388,608 bytes"),
    "a cell that is too long": (
        b'"' + (b"a" * 999 + b"\n") * (MAX_CELL_LENGTH // 999) + b'",acme,en\n',
        2,
        "",
        "quotation mark",
    ),
}

# The whole file, and a piece of what is said of its first line; no row of it is good.
FOREIGN = {
    "semicolons": ("p.csv", b"prompt;kind\na;plain\n", "separated by commas"),
    "tabs": ("p.csv", b"prompt\tkind\na\tplain\n", "separated by commas"),
    "no prompt column": ("p.csv", b"kind,submitter\nplain,acme\n", "a column named prompt"),
    "an unknown column": ("p.csv", b"prompt,use case\na,chat\n", "Did you mean use_case?"),
    "responses in a CSV": ("p.csv", b"prompt,responses\na,b\n", "may be: prompt"),
    "a column twice": ("p.csv", b"prompt,prompt\na,b\n", "'prompt' stands twice"),
    "a header that is not UTF-8": ("p.csv", b"prompt,caf\xe9\na,b\n", "Unknown column"),
    "UTF-16": ("p.csv", "prompt\na\n".encode("utf-16"), "Save it as UTF-8"),
    "UTF-16 JSON": ("p.jsonl", '{"prompt": "a"}\n'.encode("utf-16-be"), "must be"),
    "an Excel file": ("p.csv", b"PK\x03\x04....", "Excel"),
    "pipes": ("p.csv", b"prompt|kind\na|plain\n", "separated by commas"),
    "a gzip": ("p.jsonl", gzip.compress(GOOD), "compressed"),
    "a gzip bomb": ("p.jsonl", gzip.compress(gzip.compress(bytes(20_000_000))), "compressed"),
    "a gzip bomb as CSV": ("p.csv", gzip.compress(bytes(20_000_000)), "compressed"),
    "a bzip2": ("p.jsonl", bz2.compress(GOOD), "compressed"),
    "an xz": ("p.csv", lzma.compress(GOOD), "compressed"),
    "an Arrow file": ("p.jsonl", b"ARROW1\x00\x00....", "Arrow"),
    "a Parquet file": ("p.jsonl", b"PAR1....", "Parquet"),
    "a JSON array over lines": ("p.jsonl", b'[\n{"prompt": "a"},\n]\n', "must be"),
    "random bytes": ("p.jsonl", bytes(range(128, 256)) * 100, "must be UTF-8"),
    "random bytes as CSV": ("p.csv", bytes(range(256)) * 100, ""),
}


# The whole file, the line that is wrong, a piece of what is said of it, and how many before it are good.
GZIPPED: dict[str, tuple[str, bytes, int, str, int]] = {
    "a bomb": ("p.jsonl.gz", gzip.compress(bytes(1_000_000)) * 80, 1, "more than 100 times its size", 0),
    "a bomb as CSV": ("p.csv.gz", gzip.compress(bytes(1_000_000)) * 80, 1, "more than 100 times its size", 0),
    "a bomb after a good line": (
        "p.jsonl.gz",
        gzip.compress(GOOD) + gzip.compress(b" " * 999_999 + b"\n") * 80,
        69,  # 64 MiB of blank lines, none of which is a row
        "more than 100 times its size",
        1,
    ),
    "twice": ("p.jsonl.gz", gzip.compress(gzip.compress(GOOD)), 1, "This file is compressed", 0),
    "a Parquet file inside": ("p.csv.gz", gzip.compress(b"PAR1...."), 1, "Parquet", 0),
    "not a gzip": ("p.jsonl.gz", GOOD, 1, "Not a gzipped file", 0),
    "cut short": ("p.jsonl.gz", gzip.compress(GOOD + line(prompt="b"))[:-8], 1, "ended before", 0),
    "a wrong checksum": ("p.csv.gz", gzip.compress(b"prompt\na\n")[:-8] + bytes(8), 1, "CRC check failed", 0),
    "broken inside": ("p.jsonl.gz", gzip.compress(GOOD)[:10] + b"\xff" * 20, 1, "cannot be read", 0),
}


def table(**columns: Any) -> Make:
    """A Parquet file of these columns."""
    return lambda path: pq.write_table(pa.table(columns), path)


def cut(size: int) -> Make:
    """A Parquet file of 100 rows of which only the first (or all but the last) bytes are there."""

    def make(path: Path) -> None:
        table(prompt=[f"Prompt {number}" for number in range(100)])(path)
        path.write_bytes(path.read_bytes()[:size])

    return make


def overwritten(start: int, data: bytes, **options: Any) -> Make:
    """A Parquet file with other bytes from `start` on."""

    def make(path: Path) -> None:
        pq.write_table(pa.table({"prompt": [f"Prompt {number}" for number in range(100)]}), path, **options)
        content = bytearray(path.read_bytes())
        start_at = start % len(content)
        content[start_at : start_at + len(data)] = data
        path.write_bytes(content)

    return make


def not_utf8() -> pa.Array:
    """A column of texts whose second is no UTF-8."""
    offsets, data = b"".join(end.to_bytes(4, "little") for end in (0, 1, 3, 4)), b"a\xc3\x28b"
    return pa.Array.from_buffers(pa.string(), 3, [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def nested(depth: int) -> pa.Array:
    """A text in `depth` lists."""
    kind = pa.string()
    value: Any = "deep"
    for _ in range(depth):
        kind, value = pa.list_(kind), [value]
    return pa.array([value], kind)


def twice(path: Path) -> None:
    """A column that stands twice."""
    pq.write_table(pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["prompt", "prompt"]), path)


def bomb(path: Path) -> None:
    """100 MB of one letter in a few kB."""
    pq.write_table(pa.table({"prompt": ["a" * 1_000_000] * 100}), path, compression="zstd", use_dictionary=False)


USER = [{"role": "user", "content": "Hi"}]
# Makes the file; the line and field that are wrong, a piece of the message, and how many rows are good.
PARQUET: dict[str, tuple[Make, int, str, str, int]] = {
    "cut at its end": (cut(-1), 1, "", "cannot be read", 0),
    "cut in the middle": (cut(500), 1, "", "cannot be read", 0),
    "cut after its name": (cut(4), 1, "", "smaller than the minimum", 0),
    "a page that is rubbish": (overwritten(4, b"\xff" * 40, compression="zstd"), 1, "", "cannot be read", 0),
    "a footer longer than the file": (overwritten(-8, b"\xff\xff\xff\x7f"), 1, "", "footer", 0),
    "a footer that is rubbish": (overwritten(-60, b"\xff" * 50), 1, "", "cannot be read", 0),
    "a bomb": (bomb, 1, "", "unpacks to 100,0", 0),
    "a depth bomb": (table(prompt=nested(200)), 1, "", "too deeply nested", 0),
    "lists for a text": (table(prompt=nested(20)), 1, "prompt", "must be a text, not a list", 0),
    "no columns": (table(), 1, "", "no columns", 0),
    "a column twice": (twice, 1, "", "prompt stands twice", 0),
    "a field of 10 MB": (table(prompt=["a" * 10_000_000, "b"]), 1, "", "8,388,608 bytes", 1),
    "a message of 10 MB": (
        table(messages=[[{"role": "user", "content": "a" * 10_000_000}], USER]),
        1,
        "messages[0].content",
        "at most 100,000 characters",
        1,
    ),
    "not UTF-8": (table(prompt=not_utf8()), 2, "prompt", "must be UTF-8", 2),
    "bytes": (table(prompt=[b"a"]), 1, "prompt", "must be a text, not bytes", 0),
    "NaN": (table(prompt=[float("nan")]), 1, "prompt", "must be a text, not a number", 0),
    "a NUL": (table(prompt=["a", "a\x00b"]), 2, "prompt", "NUL", 1),
    "a NUL in a column's name": (table(**{"prompt": ["a"], "a\x00b": ["c"]}), 1, "a\ufffdb", "not a known field", 0),
    "an unknown column": (table(prompt=["a"], promt=["b"]), 1, "promt", "did you mean prompt?", 0),
    "no prompt in a row": (table(prompt=["a", None]), 2, "prompt", "must be given", 1),
    "a day that is none": (
        table(prompt=["a", "b"], language=pa.array([4_000_000, None], pa.int32()).cast(pa.date32())),
        1,
        "language",
        "out of range",
        1,
    ),
    "responses as a text": (table(messages=[USER], responses=["abc"]), 1, "responses", "must be a list", 0),
    "responses as a number": (table(messages=[USER], responses=[3]), 1, "responses", "must be a list", 0),
    "the assistant alone": (
        table(messages=[[{"role": "assistant", "content": "Hi"}]]),
        1,
        "messages",
        "a message of the user's",
        0,
    ),
    "JSON in a file of that name": (lambda path: _write(path, GOOD), 1, "", "cannot be read", 0),
}


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def saved(*rows: dict[str, Any]) -> Make:
    """A folder as `datasets` saves a dataset."""

    def make(folder: Path) -> None:
        folder.mkdir()
        found = pa.Table.from_pylist(list(rows) or [{"prompt": "alpha"}, {"prompt": "beta"}])
        path = str(folder / "data-00000-of-00001.arrow")
        with pa.OSFile(path, "wb") as file, pa.ipc.new_stream(file, found.schema) as stream:
            stream.write_table(found)
        state = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_fingerprint": "f", "_split": None}
        (folder / "state.json").write_text(json.dumps(state))

    return make


def with_state(state: bytes | str | dict[str, Any]) -> Make:
    """A saved dataset with another state.json."""

    def make(folder: Path) -> None:
        saved()(folder)
        content = json.dumps(state) if isinstance(state, dict) else state
        _write(folder / "state.json", content if isinstance(content, bytes) else content.encode())

    return make


def naming(name: Any) -> Make:
    """A saved dataset that says that its data are in the file `name`."""
    return with_state({"_data_files": [{"filename": name}]})


def with_arrow(change: Callable[[bytes], bytes]) -> Make:
    """A saved dataset whose Arrow file is changed."""

    def make(folder: Path) -> None:
        saved()(folder)
        path = folder / "data-00000-of-00001.arrow"
        path.write_bytes(change(path.read_bytes()))

    return make


def wild_offsets(content: bytes) -> bytes:
    """Offsets of the texts that point far out of the file: to follow them would read another's memory."""
    offsets = b"".join(number.to_bytes(4, "little") for number in (0, 5, 9))
    assert content.count(offsets) == 1
    return content.replace(offsets, b"".join(number.to_bytes(4, "little") for number in (0, 5, 2**30)))


def folder_of(**files: bytes) -> Make:
    """A folder with these files; `__` in a name is a dot."""

    def make(folder: Path) -> None:
        folder.mkdir()
        for name, content in files.items():
            (folder / name.replace("__", ".")).write_bytes(content)

    return make


def splits(*names: str) -> Make:
    """A folder whose dataset_dict.json names these splits."""

    def make(folder: Path) -> None:
        saved()(folder)
        (folder / "dataset_dict.json").write_text(json.dumps({"splits": names}))

    return make


def link_outside(folder: Path) -> None:
    """A saved dataset whose data are a link to a file elsewhere."""
    saved()(folder)
    outside = folder.parent.parent / "outside.arrow"
    (folder / "data-00000-of-00001.arrow").replace(outside)
    (folder / "data-00000-of-00001.arrow").symlink_to(outside)


NOT_INSIDE, NOT_AS_SAVED = "outside of its folder", "not as `datasets` writes it"
# Makes the folder; the line (0: none is read) and field, a piece of the message, and how many rows are good.
DIRECTORY: dict[str, tuple[Make, int, str, str, int]] = {
    "a file outside": (naming("../../secret.arrow"), 0, "", NOT_INSIDE, 0),
    "an absolute path": (naming("/etc/passwd.arrow"), 0, "", NOT_INSIDE, 0),
    "a link to a file outside": (link_outside, 0, "", NOT_INSIDE, 0),
    "a file that is missing": (naming("data-00001-of-00001.arrow"), 0, "", NOT_INSIDE, 0),
    "a file of no data": (naming("state.json"), 0, "", "no data", 0),
    "a name with NUL": (naming("a\x00.arrow"), 0, "", NOT_INSIDE, 0),
    "a name with a lone surrogate": (naming("a\ud800.arrow"), 0, "", NOT_INSIDE, 0),
    "a name that is a number": (naming(3), 0, "", NOT_AS_SAVED, 0),
    "no files": (with_state({"_data_files": []}), 0, "", "no .parquet", 0),
    "a state that is a list": (with_state("[]"), 0, "", NOT_AS_SAVED, 0),
    "a state that is a depth bomb": (with_state("[" * 100_000), 0, "", NOT_AS_SAVED, 0),
    "a state that is not UTF-8": (with_state(b"\xff"), 0, "", NOT_AS_SAVED, 0),
    "a split that holds itself": (splits("."), 0, "", NOT_AS_SAVED, 0),
    "a split outside": (splits("../.."), 0, "", "no .parquet", 0),
    "an empty folder": (folder_of(), 0, "", "no .parquet", 0),
    "an Arrow file cut in its schema": (with_arrow(lambda content: content[:100]), 1, "", "cannot be read", 0),
    "an Arrow file cut at its end": (with_arrow(lambda content: content[:-1]), 3, "", "cannot be read", 2),
    "an empty Arrow file": (with_arrow(lambda content: b""), 1, "", "cannot be read", 0),
    "an Arrow file that is rubbish": (with_arrow(lambda content: b"\x01" * 400), 1, "", "cannot be read", 0),
    "wild offsets": (with_arrow(wild_offsets), 1, "", "cannot be read", 0),
    "an unknown column": (
        saved({"prompt": "a", "promt": None}, {"prompt": "b", "promt": "c"}),
        2,
        "promt",
        "did you mean prompt?",
        1,
    ),
    "a bad line in the second file": (
        folder_of(a__jsonl=GOOD, b__csv=b"prompt,kind\nb,odd\n"),
        3,
        "kind",
        "b.csv, line 2: must be one of plain",
        1,
    ),
    "a second file that is none": (
        folder_of(a__jsonl=GOOD, b__parquet=b"PAR1"),
        2,
        "",
        "b.parquet, line 1: This Parquet file cannot be read",
        1,
    ),
}


def chat(*messages: Any, **more: Any) -> bytes:
    """A line of a log."""
    return json.dumps({"messages": messages, "model": "m", **more}).encode() + b"\n"


# The second of three lines: its content, the field that is wrong, and a piece of the message.
CHAT_LOG = {
    "no messages": (b'{"model": "m"}\n', "messages", "must be the list of messages"),
    "messages that are null": (b'{"messages": null}\n', "messages", "must be the list of messages"),
    "a list": (b"[1]\n", "", "must be an object"),
    "a text for a message": (chat("Hi"), "messages[0]", "an object with role and content"),
    "nobody asks": (chat({"role": "assistant", "content": "Hi"}), "messages", "a message of the user's"),
    "a picture": (chat({"role": "user", "content": [{"type": "image_url"}]}), "messages[0].content", "text alone"),
    "a call of a tool": (
        chat({"role": "user", "content": "Hi"}, {"role": "assistant", "content": None}, *USER),
        "messages[1].content",
        "calls of tools",
    ),
    "a tool speaks last": (chat(*USER, {"role": "tool", "content": "3"}), "messages", "must end with the user's"),
    "a blank message": (chat({"role": "user", "content": " "}), "messages[0].content", "must not be empty"),
    "a lone surrogate": (chat({"role": "user", "content": "\ud800"}), "messages[0].content", "lone surrogate"),
    "a model with a lone surrogate": (chat(*USER, model="\ud800"), "model", "lone surrogate"),
    "a model that is a number": (chat(*USER, model=3), "model", "must be a text"),
    "a user with NUL": (chat(*USER, user="a\x00"), "user", "NUL"),
    "a user that is a number": (chat(*USER, user=3), "user", "must be a text"),
    "a user whose name is too long": (chat(*USER, user="a" * 201), "submitter", "at most 200"),
    "an answer with NUL": (
        chat(*USER, response={"choices": [{"message": {"content": "\x00"}}]}),
        "responses[0]",
        "NUL",
    ),
    "too many answers": (
        chat(*USER, response={"choices": [{"message": {"content": f"{number}"}} for number in range(65)]}),
        "responses",
        "at most 64",
    ),
    "NaN": (b'{"messages": [], "temperature": NaN}\n', "", "no NaN"),
    "a key twice": (b'{"messages": [], "messages": []}\n', "messages", "once"),
    "a depth bomb": (b'{"messages": ' + b"[" * 200_000 + b"\n", "", "nested less deeply"),
    "a field of 10 MB": (chat({"role": "user", "content": "a" * 10_000_000}), "", "8,388,608 bytes"),
}


def _bad() -> Iterator[tuple[str, BadFile]]:
    """Every case with its name."""
    other = b'{"prompt": "another good one"}\n'
    for name, (content, field, message) in JSON_LINES.items():
        yield f"JSONL: {name}", BadFile("p.jsonl", GOOD + content + other, 2, field, message, good=2)
    for name, (rows, number, field, message) in CSV_ROWS.items():
        yield f"CSV: {name}", BadFile("p.csv", b"prompt,submitter,language\n" + rows, number, field, message)
    for name, (file_name, content, message) in FOREIGN.items():
        yield f"foreign: {name}", BadFile(file_name, content, 1, "", message)
    for name, (file_name, content, number, message, good) in GZIPPED.items():
        yield f"gzip: {name}", BadFile(file_name, content, number, "", message, good=good)
    for name, (make, number, field, message, good) in PARQUET.items():
        yield f"Parquet: {name}", BadFile("p.parquet", make, number, field, message, good=good)
    for name, (make, number, field, message, good) in DIRECTORY.items():
        yield f"directory: {name}", BadFile("dataset", make, number, field, message, good=good)
    for name, (content, field, message) in CHAT_LOG.items():
        first, last = (chat({"role": "user", "content": text}) for text in ("The first", "The last"))
        yield f"log: {name}", BadFile("p.jsonl", first + content + last, 2, field, message, good=2, is_chat_log=True)


BAD = dict(_bad())

LONGEST = "é" * 100_000
# What looks wrong and is not: the file, and the prompts that come of it.
LEGAL: dict[str, tuple[str, bytes | Make, list[str]]] = {
    "a formula": ("p.jsonl", line(prompt=FORMULA), [FORMULA]),
    "a formula in a CSV": ("p.csv", b"prompt\n=1+1\n@SUM(A1)\n", ["=1+1", "@SUM(A1)"]),
    "a path": ("p.jsonl", line(prompt="../../etc/passwd", submitter="../root"), ["../../etc/passwd"]),
    "SQL and HTML": ("p.csv", b"prompt\n'; DROP TABLE x; --\n<script>\n", ["'; DROP TABLE x; --", "<script>"]),
    "a surrogate pair": ("p.jsonl", b'{"prompt": "\\ud83d\\ude00"}\n', ["\U0001f600"]),
    "a byte order mark": ("p.jsonl", b"\xef\xbb\xbf" + GOOD, ["a good one"]),
    "Windows' line ends": ("p.csv", b'prompt\r\n"a\r\nb"\r\n', ["a\r\nb"]),
    "a gzip": ("p.jsonl.gz", gzip.compress(GOOD), ["a good one"]),
    "a gzip of two parts": ("P.CSV.GZ", gzip.compress(b"prompt\na\n") + gzip.compress(b"b\n"), ["a", "b"]),
    "no line feed at the end": ("p.jsonl", GOOD.strip(), ["a good one"]),
    "the longest prompt": ("p.jsonl", line(prompt=LONGEST), [LONGEST]),
    "direction marks": ("p.jsonl", line(prompt="\u202eabc\u200b"), ["\u202eabc\u200b"]),
    "Parquet with nulls": (
        "p.parquet",
        table(
            prompt=["a", "b"],
            use_case=pa.array([None, "chat"]),
            responses=pa.array([None, None], pa.list_(pa.string())),
            annotations=[{"ambiguous": True, "harmful": None}, None],
        ),
        ["a", "b"],
    ),
    "messages with nulls": (
        "p.parquet",
        table(
            messages=[[{"role": "user", "content": "a", "name": None}, {"role": "assistant", "content": "b"}]],
            responses=pa.array([None], pa.list_(pa.string())),
        ),
        ["a"],
    ),
    "long texts of Arrow": ("p.parquet", table(prompt=pa.array(["a"], pa.large_string())), ["a"]),
    "a dictionary of texts": (
        "p.parquet",
        table(prompt=pa.array(["a", "b", None]).dictionary_encode()[:2]),
        ["a", "b"],
    ),
    "views of texts": ("p.parquet", table(prompt=pa.array(["a", "b"], pa.string_view())), ["a", "b"]),
    "a file of many row groups": (
        "p.parquet",
        lambda path: pq.write_table(pa.table({"prompt": list("abcde")}), path, row_group_size=2),
        list("abcde"),
    ),
}
