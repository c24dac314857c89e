"""DATA_DIR: who may use it, where its sockets are, and the lock that keeps a second instance out."""

import fcntl
import hashlib
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from labelapp.common.embedded.errors import EmbeddedServiceError

# sockaddr_un holds 108 bytes with the closing zero on Linux, 104 on macOS.
LONGEST_SOCKET_PATH = 103
LONGEST_SOCKET_NAME = len("postgres/.s.PGSQL.5432")
NEEDED_BYTES = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Account:
    """The operating-system user that PostgreSQL runs as, which may not be root."""

    name: str
    uid: int
    gid: int

    @classmethod
    def of_this_process(cls) -> "Account":
        """Return the user that runs labelapp."""
        return cls(name=_user_name(os.geteuid()), uid=os.geteuid(), gid=os.getegid())

    @classmethod
    def for_postgres(cls) -> "Account":
        """Return nobody where we are root, else ourselves."""
        if os.geteuid() != 0:
            return cls.of_this_process()
        try:
            entry = pwd.getpwnam("nobody")
        except KeyError as error:
            raise EmbeddedServiceError(
                "PostgreSQL refuses to run as root and this system has no user nobody: start labelapp as another user"
            ) from error
        return cls(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)

    def can_enter(self, path: Path) -> bool:
        """Tell whether this user can reach `path` by every folder above it."""
        return all(self._has_search_permission(folder) for folder in path.resolve().parents)

    def _has_search_permission(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


class DataDirectory:
    """The folder of one installation. `with DataDirectory(path):` holds it against other instances."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock_descriptor: int | None = None

    @property
    def sockets(self) -> Path:
        """Return the folder of the servers' sockets: in DATA_DIR, or under /tmp where its path is too long for one."""
        inside = self.path / "run"
        if len(os.fsencode(inside)) + 1 + LONGEST_SOCKET_NAME <= LONGEST_SOCKET_PATH:
            return inside
        # The same name in every process whatever its TMPDIR is, so that all of them find the servers.
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        return Path("/tmp") / f"labelapp-{digest}"  # noqa: S108  (`_claim` refuses a folder of someone else)

    def prepare(self) -> None:
        """Make the folders; raise when this disk is full or the folder is not ours to write."""
        try:
            _make_passable(self.path)
            _claim(self.sockets)
        except OSError as error:
            raise EmbeddedServiceError(
                f"cannot write to DATA_DIR {self.path}: {error.strerror}; "
                f"make it writable for {_user_name(os.geteuid())} or set DATA_DIR to another folder"
            ) from error
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise EmbeddedServiceError(
                f"DATA_DIR {self.path} is not writable for {_user_name(os.geteuid())}: change its owner or set DATA_DIR"
            )
        free = shutil.disk_usage(self.path).free
        if free < NEEDED_BYTES:
            raise EmbeddedServiceError(
                f"the disk of DATA_DIR {self.path} is full: {free // 2**20} MiB are free, "
                f"{NEEDED_BYTES // 2**20} MiB are needed; free some space or set DATA_DIR to another disk"
            )

    def __enter__(self) -> Self:
        self.prepare()
        # Python's descriptors are not inherited, so the lock ends with this process whatever its children do.
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise EmbeddedServiceError(
                f"another labelapp (pid {owner}) runs on DATA_DIR {self.path}: "
                "stop it, or set DATA_DIR to another folder"
            ) from error
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._lock_descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._lock_descriptor is not None:
            os.close(self._lock_descriptor)
            self._lock_descriptor = None


def _claim(folder: Path) -> None:
    """Make `folder` ours; one that another user made first under /tmp is refused."""
    _make_passable(folder)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise EmbeddedServiceError(f"{folder} belongs to another user: remove it, or set DATA_DIR to a shorter path")


def _make_passable(folder: Path) -> None:
    """Make a folder that PostgreSQL's user can go through and nobody else can list, whatever the umask is."""
    if not folder.is_dir():
        folder.mkdir(parents=True)
        folder.chmod(0o711)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError as error:
        raise EmbeddedServiceError(
            f"the user id {uid} has no name on this system, and PostgreSQL needs one: add it to /etc/passwd, "
            "or set DATABASE_URL"
        ) from error
