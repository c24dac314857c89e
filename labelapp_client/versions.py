"""Datasets: frozen, waited for, downloaded, and loaded into Hugging Face's `datasets`."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from labelapp_client.connection import Connection
from labelapp_client.downloads import RemoteFile, download, download_made, refuse_other_content, unpacked
from labelapp_client.errors import LabelappError, NotConfigured, NotDone
from labelapp_client.progress import OnProgress, Progress, ignore
from labelapp_client.references import find_by_name
from labelapp_client.types import (
    AnyFiltersRequest,
    CreateDatasetRequest,
    Dataset,
    DatasetKindEnum,
    DatasetVersion,
    Preview,
    SplitEnum,
)
from labelapp_client.watching import wait_until

if TYPE_CHECKING:
    from types import ModuleType

MANIFEST = "manifest.json"
FileFormat = Literal["jsonl", "parquet"]
ExportFormat = Literal["jsonl", "parquet", "csv", "huggingface"]


class Datasets:
    """Datasets and their frozen versions.

    A version is named by its id, or by the dataset's name: `"My rankings"` is its newest version that is ready,
    `"My rankings@3"` its third.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[Dataset]:
        """Every dataset that is not archived."""
        return list(self._connection.rows("datasets"))

    def get(self, name: str) -> Dataset:
        """One dataset by its name. Raises LabelappError where there is none."""
        found: Dataset = find_by_name(self.all(), name, what="dataset")
        return found

    def preview(self, kind: DatasetKindEnum, query: AnyFiltersRequest | None = None) -> Preview:
        """What freezing a query would give now, and the warnings; nothing is written."""
        found: Preview = self._connection.post("datasets/preview", {"kind": kind, "query": query or {}})
        return found

    def freeze(
        self,
        name: str,
        query: AnyFiltersRequest | None = None,
        *,
        kind: DatasetKindEnum | None = None,
        on_progress: OnProgress = ignore,
        timeout_seconds: float | None = None,
    ) -> DatasetVersion:
        """Freeze what a query finds as the next version of a dataset, and wait until its files are written.

        A dataset that is not there yet is made, for which its `kind` is needed.

        Raises:
            NotDone: the server could not write the version; `row["error"]` says why.
            WaitedTooLong: after `timeout_seconds`; `wait` goes on waiting.
        """
        dataset = self._dataset(name, kind)
        queued: DatasetVersion = self._connection.post(f"datasets/{dataset['id']}/versions", {"query": query or {}})
        return self.wait(queued["id"], on_progress=on_progress, timeout_seconds=timeout_seconds)

    def version(self, version: int | str) -> DatasetVersion:
        """One version as it is now. Raises LabelappError for a name that none has."""
        if isinstance(version, int):
            found: DatasetVersion = self._connection.get(f"dataset-versions/{version}")
            return found
        return self._version_named(version)

    def wait(
        self, version: int | str, *, on_progress: OnProgress = ignore, timeout_seconds: float | None = None
    ) -> DatasetVersion:
        """Wait until a version is ready. Raises NotDone, WaitedTooLong."""
        version_id = version if isinstance(version, int) else self.version(version)["id"]

        def look() -> DatasetVersion:
            row = self.version(version_id)
            on_progress(Progress("freezing", row["rows_written"], row["rows_total"] or 0, "rows"))
            return row

        row = wait_until(
            self._connection,
            "datasets",
            look=look,
            is_done=lambda row: row["state"] in ("ready", "failed"),
            timeout_seconds=timeout_seconds,
            what=f"Version {version_id}",
        )
        if row["state"] == "failed":
            raise NotDone(f"Version {version_id} could not be frozen: {row['error']}", row=row)
        return row

    def download(
        self,
        version: int | str,
        folder: str | Path,
        *,
        file_format: FileFormat | None = None,
        splits: Sequence[SplitEnum] = (),
        on_progress: OnProgress = ignore,
    ) -> list[Path]:
        """Fetch a version's files, or some of them, and its manifest, each compared with its sha256.

        What is there already is not fetched again, and what broke off goes on, also in another process. The manifest
        comes last: where it is, the files are whole.

        Raises:
            LabelappError: the version is not ready, has no rows in one of the splits, or the folder has files of
                another version. Nothing is touched.
            DamagedDownload: a file came with another content than the server had announced.
        """
        found = self.version(version)
        if found["state"] != "ready":
            raise LabelappError(f"{version_name(found)} is {found['state']}, not ready: wait for it.")
        chosen = _splits_of(found, splits)
        wanted = [
            entry for entry in found["files"] if file_format in (None, entry["format"]) and entry["split"] in chosen
        ]
        base = f"dataset-versions/{found['id']}/files"
        files = [
            RemoteFile(f"{base}/{entry['name']}", entry["name"], entry["sha256"], entry["size_bytes"])
            for entry in wanted
        ]
        files.append(RemoteFile(f"{base}/{MANIFEST}", MANIFEST, found["sha256"]))
        for file in files:
            refuse_other_content(file, Path(folder))
        return [download(self._connection, file, Path(folder), on_progress=on_progress) for file in files]

    def export(
        self,
        version: int | str,
        folder: str | Path,
        *,
        shape: str,
        file_format: ExportFormat = "parquet",
        splits: Sequence[SplitEnum] = (),
        on_progress: OnProgress = ignore,
    ) -> list[Path]:
        """Fetch splits of a version in a shape that others read, such as `pairs_chat`: all that have rows, or some.

        The files are made as they are sent, so they have no digest and are always fetched anew. `huggingface` is a
        directory of all splits, with a card, which `datasets.load_dataset` reads; what else is in the folder stays.
        """
        found = self.version(version)
        if file_format == "huggingface":
            if splits:
                raise NotConfigured("A Hugging Face directory has all splits: leave the splits out.")
            return self._directory(found, Path(folder), shape=shape, on_progress=on_progress)
        address = f"dataset-versions/{found['id']}/export"
        paths = []
        for split in _splits_of(found, splits):
            query = {"shape": shape, "file_format": file_format, "split": split}
            file = RemoteFile(address, f"{split}.{shape}.{file_format}", query=query)
            paths.append(download_made(self._connection, file, Path(folder), on_progress=on_progress))
        return paths

    def _directory(self, version: DatasetVersion, folder: Path, *, shape: str, on_progress: OnProgress) -> list[Path]:
        """Fetch a ZIP and unpack it where it is whole."""
        query = {"shape": shape, "file_format": "huggingface"}
        file = RemoteFile(f"dataset-versions/{version['id']}/export", f".{shape}.zip", query=query)
        packed = download_made(self._connection, file, folder, on_progress=on_progress)
        try:
            return unpacked(packed, folder)
        finally:
            packed.unlink()

    def load(
        self,
        version: int | str,
        *,
        split: SplitEnum | None = None,
        shape: str | None = None,
        folder: str | Path | None = None,
        on_progress: OnProgress = ignore,
    ) -> Any:
        """Return a version as a `datasets.DatasetDict` by split, or one split of it as a `datasets.Dataset`.

        Args:
            shape: one that others read, such as `pairs_chat` for TRL (`GET /api/v1/dataset-shapes`); else our own rows.
            folder: where the files are kept, so that they are fetched once; the user's cache where it is left out.

        Raises:
            NotConfigured: the package `datasets` is missing.
            LabelappError: the version is not ready, or has no rows in that split.
        """
        package = _datasets_package()
        found = self.version(version)
        splits = _splits_of(found, [split] if split else [])
        place = Path(folder) if folder is not None else cache_folder() / found["sha256"][:16]
        if shape is None:
            self.download(found["id"], place, file_format="parquet", splits=splits, on_progress=on_progress)
            files = {name: str(place / f"{name}.parquet") for name in splits}
        else:
            paths = self.export(found["id"], place, shape=shape, splits=splits, on_progress=on_progress)
            files = dict(zip(splits, map(str, paths), strict=True))
        return package.load_dataset("parquet", data_files=files, split=split)

    def _dataset(self, name: str, kind: DatasetKindEnum | None) -> Dataset:
        for row in self.all():
            if row["name"] == name:
                if kind not in (None, row["kind"]):
                    raise LabelappError(f"The dataset {name!r} holds {row['kind']}, not {kind}: choose another name.")
                return row
        if kind is None:
            kinds = ", ".join(get_args(DatasetKindEnum))
            raise LabelappError(f"There is no dataset {name!r}; to make it, say of which kind: {kinds}.")
        wanted: CreateDatasetRequest = {"name": name, "kind": kind}
        made: Dataset = self._connection.post("datasets", wanted)
        return made

    def _version_named(self, reference: str) -> DatasetVersion:
        name, has_number, number = reference.rpartition("@")
        if not has_number or not number.isdecimal():
            name, number = reference, ""
        dataset = self.get(name)
        state = None if number else "ready"
        newest = 0
        for row in self._connection.rows("dataset-versions", dataset=dataset["id"], state=state):
            if not number or row["number"] == int(number):
                found: DatasetVersion = row
                return found
            newest = max(newest, row["number"])
        what = f"version {number}" if number else "version that is ready"
        hint = f"; the newest is {name}@{newest}" if newest else ""
        raise LabelappError(f"The dataset {name!r} has no {what}{hint}.")


def version_name(version: DatasetVersion) -> str:
    """How people call a version."""
    return f"{version['dataset']['name']}@{version['number']}"


def cache_folder() -> Path:
    """Where loaded versions are kept: of the user's cache, a folder for each by its sha256."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "labelapp"


def _splits_of(version: DatasetVersion, wanted: Sequence[SplitEnum] = ()) -> list[SplitEnum]:
    """The splits that have rows, or those that are asked for."""
    splits = [entry["split"] for entry in version["files"] if entry["format"] == "parquet"]
    if not splits:
        raise LabelappError(f"{version_name(version)} is {version['state']} and has no rows.")
    for split in wanted:
        if split not in splits:
            raise LabelappError(
                f"{version_name(version)} has no rows in the split {split}; it has some in {', '.join(splits)}."
            )
    return list(wanted) or splits


def _datasets_package() -> "ModuleType":
    try:
        import datasets
    except ImportError as error:
        raise NotConfigured('Loading needs the package `datasets`: pip install "labelapp_client[datasets]".') from error
    package: ModuleType = datasets
    return package
