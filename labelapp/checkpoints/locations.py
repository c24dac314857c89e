"""Where a model may be: a directory in the format of Hugging Face, or a name on their hub. Looked at without torch.

Only safetensors weights are accepted: loading a pickled checkpoint runs whatever code is in it.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from formats.files import sha256_of
from labelapp.common.errors import InvalidInput

HUB_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?"
HUB_NAME = re.compile(rf"(?:{HUB_PART}/)?{HUB_PART}")
MAX_HEADER_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """What is known of a model's files; none are here for a hub name. `sha256` is manifest.json's, if there is one."""

    location: str
    size_bytes: int = 0
    sha256: str = ""


def inspect_location(location: str) -> ModelFiles:
    """Check that `location` names a model and say how large it is. Raises InvalidInput with what would be right."""
    try:
        directory = _directory(location)
        is_directory, is_there = directory.is_dir(), directory.exists()
    except OSError as error:  # a name longer than a file system's, or a folder that this user may not enter
        raise _wrong(f"The directory cannot be read: {error.strerror}.") from error
    if is_directory:
        return _inspect_directory(directory, location=location)
    if is_there:
        raise _wrong("This is a file. Give the directory that holds config.json and *.safetensors.")
    if ".." not in location and "--" not in location and HUB_NAME.fullmatch(location):
        return ModelFiles(location)
    raise _wrong(
        "There is no such directory on the server (a relative one counts from DATA_DIR), and it is no hub name such as "
        "organisation/model."
    )


def _directory(location: str) -> Path:
    """The path that `location` may mean; a relative one must stay below DATA_DIR."""
    path = Path(location)
    if path.is_absolute():
        return path
    inside = (settings.DATA_DIR / path).resolve()
    if not inside.is_relative_to(settings.DATA_DIR):
        raise _wrong("A relative directory must stay below DATA_DIR; give an absolute one instead.")
    return inside


def _inspect_directory(directory: Path, *, location: str) -> ModelFiles:
    try:
        _check_config(directory / "config.json")
        weights = sorted(directory.glob("*.safetensors"))
        if not weights:
            raise _wrong(_no_weights_message(directory))
        for path in weights:
            _check_weights(path)
        size_bytes = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
        manifest = directory / "manifest.json"
        return ModelFiles(location, size_bytes, sha256_of(manifest) if manifest.is_file() else "")
    except OSError as error:
        raise _wrong(f"The directory cannot be read: {error.strerror}.") from error


def _no_weights_message(directory: Path) -> str:
    if [*directory.glob("*.bin"), *directory.glob("*.pt"), *directory.glob("*.pth")]:
        return "The weights are pickled, which can run code when loaded. Save them as *.safetensors."
    return "The directory holds no *.safetensors file."


def _check_config(path: Path) -> None:
    if not path.is_file():
        raise _wrong("The directory holds no config.json.")
    config = _json_object(path.read_bytes())
    if config is None or not config.get("model_type"):
        raise _wrong("config.json is not a model's configuration: it must be a JSON object with a model_type.")


def _check_weights(path: Path) -> None:
    """Check that a safetensors file is whole: its header says where its last tensor ends."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = _json_object(file.read(length)) if 0 < length <= MAX_HEADER_BYTES else None
    if header is None:
        raise _wrong(f"{path.name} is not a safetensors file, or is cut short.")
    ends = [_end_of(tensor) for name, tensor in header.items() if name != "__metadata__"]
    if path.stat().st_size != 8 + length + max(ends, default=0):
        raise _wrong(f"{path.name} is not whole: its size differs from what its header says.")


def _end_of(tensor: Any) -> int:
    """Where a tensor's bytes end; −1, which fits no file, for what is no tensor."""
    offsets = tensor.get("data_offsets") if isinstance(tensor, dict) else None
    return offsets[1] if isinstance(offsets, list) and len(offsets) == 2 and type(offsets[1]) is int else -1


def _json_object(data: bytes) -> dict[str, Any] | None:
    """The JSON object in `data`, or None if it is something else."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _wrong(message: str) -> InvalidInput:
    return InvalidInput(message, field="location")
