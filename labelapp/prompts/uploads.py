"""Uploads that are streamed to the disk that keeps them: no size limit but its room, and memory for one piece."""

import hashlib
import tempfile
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class ImportUpload(TemporaryUploadedFile):
    """An upload that is written beside the imports, so that keeping it is giving it a name.

    `sha256` is known when it is whole.
    """

    sha256 = ""

    def __init__(self, name: str, content_type: str | None, charset: str | None) -> None:
        folder = settings.DATA_DIR / "imports"
        folder.mkdir(parents=True, exist_ok=True)
        file = tempfile.NamedTemporaryFile(suffix=".upload", dir=folder)  # noqa: SIM115 - Django closes it
        UploadedFile.__init__(self, file, name, content_type, 0, charset)


class ImportUploadHandler(TemporaryFileUploadHandler):
    """Streams an upload to where it stays, and digests it as it comes."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super(TemporaryFileUploadHandler, self).new_file(*args, **kwargs)
        self.file: Any = ImportUpload(self.file_name or "", self.content_type, self.charset)
        self.digest = hashlib.sha256()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.digest.update(raw_data)
        return super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> Any:
        done: Any = super().file_complete(file_size)
        done.sha256 = self.digest.hexdigest()
        return done
