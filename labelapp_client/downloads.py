"""Files from the server: resumed where they broke off, compared with their sha256, and whole or not there at all."""

import hashlib
import os
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from labelapp_client.connection import BUSY, PASSING, Connection
from labelapp_client.errors import DamagedDownload, LabelappError, Refused
from labelapp_client.progress import OnProgress, Progress


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of the server: its address below /api/v1/, and what its content is, where that is known before."""

    path: str
    name: str
    sha256: str = ""
    size_bytes: int = 0
    query: Mapping[str, str] | None = None


def download(connection: Connection, file: RemoteFile, folder: Path, *, on_progress: OnProgress) -> Path:
    """Fetch a file into a folder, unless it is there already, and return its path.

    What has come is kept in a file of its own until it is whole, also by a process that is killed: the next one asks
    for the rest of it. The name of that file says of which content it is a part.

    Raises:
        LabelappError: there is a file of that name with another content. It is not touched.
        DamagedDownload: the content had another sha256, two times from the beginning.
    """
    target = place(file, folder)
    refuse_other_content(file, folder)
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{file.sha256[:12]}.part")
    for _ in range(2):
        _Transfer(connection, file, part, on_progress=on_progress).run()
        if sha256_of(part) == file.sha256:
            part.replace(target)
            return target
        part.unlink()
    raise DamagedDownload(
        f"{file.name} came with another sha256 than the server had announced, twice; try again later."
    )


def place(file: RemoteFile, folder: Path) -> Path:
    """Where the file goes in the folder. Raises LabelappError for a name that leads out of it."""
    target = folder / file.name
    if not target.resolve().is_relative_to(folder.resolve()) or target.resolve() == folder.resolve():
        raise LabelappError(f"The server names a file {file.name!r}, which would not be in {folder}.")
    return target


def refuse_other_content(file: RemoteFile, folder: Path) -> None:
    """Raise LabelappError where the folder has a file of that name with another content."""
    target = place(file, folder)
    if target.exists() and sha256_of(target) != file.sha256:
        raise LabelappError(f"{target} is there with another content: name another folder, or remove it.")


def sha256_of(path: Path) -> str:
    """The digest of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download_made(connection: Connection, file: RemoteFile, folder: Path, *, on_progress: OnProgress) -> Path:
    """Fetch what the server makes while it sends it, which has no sha256; the file is replaced when it is whole."""
    target = place(file, folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    try:
        _Transfer(connection, file, part, on_progress=on_progress).run()
        return part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def unpacked(packed: Path, folder: Path) -> list[Path]:
    """Unpack a ZIP into a folder, each file whole or not at all, and return their paths. Raises DamagedDownload."""
    try:
        with zipfile.ZipFile(packed) as archive:
            targets = {member: place(RemoteFile("", member), folder) for member in archive.namelist()}
            for member, target in targets.items():
                target.parent.mkdir(parents=True, exist_ok=True)
                part = target.with_name(f"{target.name}.{os.getpid()}.part")
                with archive.open(member) as source, part.open("wb") as written:
                    shutil.copyfileobj(source, written)
                part.replace(target)
    except zipfile.BadZipFile as error:
        raise DamagedDownload(f"{packed.name} came damaged: {error}. Try again later.") from error
    return sorted(targets.values())


class _Transfer:
    """Brings a part of a file to its end, going on after each break."""

    def __init__(self, connection: Connection, file: RemoteFile, part: Path, *, on_progress: OnProgress) -> None:
        self.connection = connection
        self.file = file
        self.part = part
        self.on_progress = on_progress
        # The server's tag of a frozen file is its sha256, so that another process can go on; others tell theirs.
        self.tag = f'"{file.sha256}"' if file.sha256 else ""

    def run(self) -> None:
        """Ask until all is there; an attempt that brought anything counts as the first. Raises Unreachable, Refused."""
        attempt = 0
        while not self._is_whole():
            before = self._size()
            try:
                return self._go_on()
            except PASSING as error:
                attempt = 1 if self._size() > before else attempt + 1
                self.connection.pause_or_raise(error, attempt=attempt)
            except Refused as refused:
                attempt += 1
                if refused.status not in BUSY | {416} or attempt >= self.connection.attempts:
                    raise
                if refused.status == 416:  # more is here than there is: what is here is not of this file
                    self.part.unlink()
                self.connection.pause(attempt, refused.message)

    def _go_on(self) -> None:
        """Ask for what is missing and write what comes: the rest, or all of it where the server sends no parts."""
        start = self._size() if self.tag else 0
        # Bytes as they are on the disk there: parts of what is compressed on the way would not fit together.
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if start:
            headers |= {"Range": f"bytes={start}-", "If-Range": self.tag}
        with self.connection.stream(self.file.path, params=self.file.query, headers=headers) as answer:
            if answer.status_code == 206 and _first_byte(answer) != start:
                raise LabelappError(f"The server sent another part of {self.file.name} than it was asked for.")
            if not self.file.sha256:
                self.tag = _strong_tag(answer)
            self._write(answer, at=start if answer.status_code == 206 else 0)

    def _write(self, answer: httpx.Response, *, at: int) -> None:
        with self.part.open("r+b" if at else "wb") as written:
            written.seek(at)
            # As they come: what is gathered into larger pieces first would be lost with the connection.
            for piece in answer.iter_bytes():
                written.write(piece)
                self.on_progress(Progress(self.file.name, written.tell(), self.file.size_bytes, "bytes"))
            written.flush()
            os.fsync(written.fileno())

    def _is_whole(self) -> bool:
        return 0 < self.file.size_bytes == self._size()

    def _size(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0


def _first_byte(answer: httpx.Response) -> int:
    """Where a part begins, from `Content-Range: bytes 5-9/10`; -1 where it does not say."""
    first = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdecimal() else -1


def _strong_tag(answer: httpx.Response) -> str:
    """What promises equal bytes; a weak tag does not."""
    tag: str = answer.headers.get("ETag", "")
    return tag if tag.startswith('"') else ""
