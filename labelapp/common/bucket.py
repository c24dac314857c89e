"""A bucket of an S3-compatible store: whole files in, any part of them out, and errors that say what to correct.

boto3 finds out by itself how the store is reached and as whom: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and the like, or the
role of the machine. Imported where STORAGE_URL is set, and nowhere else.
"""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import parse_qs, urlsplit

import boto3.session
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from labelapp.common.storage import StorageUnavailable, StoredFile

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

BUFFER_BYTES = 1_048_576
READ_ATTEMPTS = 3
# S3 takes 10,000 parts of a file; where these are too small for it, boto3 makes them larger.
PARTS = TransferConfig(multipart_threshold=16 * 2**20, multipart_chunksize=16 * 2**20, max_concurrency=4)
CONNECTIONS = 64  # for the threads of one web process
BROKEN = (BotoCoreError, HTTPError, ConnectionError)
CREDENTIALS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
NO_ANSWER = "it does not answer; start it, or correct AWS_ENDPOINT_URL"
OTHER_REGION = "it is of another region; correct AWS_DEFAULT_REGION"
# What the store or boto3 says, and what whoever set it up can do about it.
HINTS = {
    "NoSuchBucket": "there is none of this name; make it, or correct STORAGE_URL",
    "InvalidAccessKeyId": f"nobody has this access key; correct {CREDENTIALS}",
    "SignatureDoesNotMatch": f"the secret is not that of the access key; correct {CREDENTIALS}",
    "AccessDenied": f"{CREDENTIALS} may not; let them list, read, write and delete in it",
    "PermanentRedirect": OTHER_REGION,
    "AuthorizationHeaderMalformed": OTHER_REGION,
    "NoCredentialsError": f"nobody is named; set {CREDENTIALS}",
    "PartialCredentialsError": f"half a name is none; set both {CREDENTIALS}",
    "EndpointConnectionError": NO_ANSWER,
    "ConnectTimeoutError": NO_ANSWER,
    "SSLError": "its certificate is not trusted; name who signed it in AWS_CA_BUNDLE, or correct AWS_ENDPOINT_URL",
}


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where STORAGE_URL points. Every method raises StorageUnavailable."""

    client: "S3Client"
    hasty: "S3Client"  # waits briefly: a page or a whole worker waits with it
    url: str
    name: str
    prefix: str

    @classmethod
    def of(cls, url: str) -> "Bucket":
        """The bucket of `s3://name/prefix?addressing_style=path`; each process connects once."""
        return _connect(url)

    def check(self) -> None:
        """Ask for something that every answer to has a reason."""
        with self.explained():
            self.hasty.list_objects_v2(Bucket=self.name, Prefix=self.prefix, MaxKeys=1)

    def find(self, name: str) -> StoredFile:
        """Return a file. Raises FileNotFoundError too."""
        key = self.prefix + name
        try:
            found = self.hasty.head_object(Bucket=self.name, Key=key)
        except BROKEN as error:
            raise self._unavailable(error) from error
        except ClientError as error:
            # The answer to HEAD has no body to say why; where the bucket answers, a 404 is the file's own.
            self.check()
            if _code(error) in {"404", "NoSuchKey"}:
                raise FileNotFoundError(name) from error
            raise self._unavailable(error) from error
        size, etag = found["ContentLength"], found["ETag"]
        return StoredFile(size, lambda: _RemoteFile(self, key, size=size, etag=etag).buffered())

    def upload(self, path: Path, name: str) -> None:
        """Send a file in parts, which take constant memory: it is there whole, or not at all."""
        with self.explained():
            self.client.upload_file(str(path), self.name, self.prefix + name, Config=PARTS)

    def folders(self, parent: str) -> set[str]:
        """The names of the folders of `parent`, also of those where an upload only began."""
        start = f"{self.prefix}{parent}/"
        keys = [*self._keys(start), *(key for key, _ in self._uploads(start))]
        return {key.removeprefix(start).split("/")[0] for key in keys}

    def remove_folder(self, name: str) -> None:
        """Remove the files of a folder, one by one, and the parts of uploads that never ended."""
        start = f"{self.prefix}{name}/"
        with self.explained():
            for key, upload_id in list(self._uploads(start)):
                with suppress(self.client.exceptions.NoSuchUpload):  # another attempt was quicker
                    self.client.abort_multipart_upload(Bucket=self.name, Key=key, UploadId=upload_id)
            for key in list(self._keys(start)):
                answer = self.client.delete_object(Bucket=self.name, Key=key)
                if answer.get("DeleteMarker"):
                    self._remove_versions(key)

    def _remove_versions(self, key: str) -> None:
        """A bucket with versions only hides what is deleted, and what is left may be what a person wants forgotten."""
        pages = self.client.get_paginator("list_object_versions").paginate(Bucket=self.name, Prefix=key)
        for found in [one for page in pages for one in (*page.get("Versions", []), *page.get("DeleteMarkers", []))]:
            if found["Key"] == key:
                self.client.delete_object(Bucket=self.name, Key=key, VersionId=found["VersionId"])

    def _keys(self, start: str) -> Iterator[str]:
        with self.explained():
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=start):
                yield from (found["Key"] for found in page.get("Contents", []))

    def _uploads(self, start: str) -> Iterator[tuple[str, str]]:
        with self.explained():
            for page in self.client.get_paginator("list_multipart_uploads").paginate(Bucket=self.name, Prefix=start):
                yield from ((found["Key"], found["UploadId"]) for found in page.get("Uploads", []))

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what boto3 raises into a StorageUnavailable that says what to correct."""
        try:
            yield
        except (ClientError, Boto3Error, *BROKEN) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: BaseException) -> StorageUnavailable:
        return StorageUnavailable(f"The bucket {self.url} cannot be used: {_hint(error)}.")


@cache
def _connect(url: str) -> Bucket:
    parts = urlsplit(url)
    style = parse_qs(parts.query).get("addressing_style", ["auto"])[0]
    # A session of its own: boto3's common one is not made for threads.
    session = boto3.session.Session()
    client = session.client("s3", config=_config(style, read_timeout=30, attempts=3))
    hasty = session.client("s3", config=_config(style, read_timeout=5, attempts=2))
    prefix = parts.path.strip("/")
    return Bucket(client, hasty, url.partition("?")[0], parts.netloc, f"{prefix}/" if prefix else "")


def _config(style: str, *, read_timeout: int, attempts: int) -> Config:
    return Config(
        connect_timeout=5,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=CONNECTIONS,
        s3={"addressing_style": cast(Any, style)},
        # Many stores do not know the newer check sums; ours stand in the manifest.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


class _RemoteFile(io.RawIOBase):
    """A file in a bucket, read from any place, and again from where a connection broke."""

    def __init__(self, bucket: Bucket, key: str, *, size: int, etag: str) -> None:
        self.bucket = bucket
        self.key = key
        self.size = size
        self.etag = etag
        self.at = 0
        self.body: Any = None

    def buffered(self) -> BinaryIO:
        return io.BufferedReader(self, BUFFER_BYTES)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: self.size}[whence]
        if at != self.at:
            self._hang_up()
            self.at = at
        return at

    def readinto(self, buffer: Any) -> int:
        data = self._read(len(buffer)) if self.at < self.size else b""
        buffer[: len(data)] = data
        self.at += len(data)
        return len(data)

    def close(self) -> None:
        self._hang_up()
        super().close()

    def _read(self, size: int) -> bytes:
        with self.bucket.explained():
            for attempt in range(1, READ_ATTEMPTS + 1):
                try:
                    if data := self._connected().read(size):
                        return bytes(data)
                    raise ConnectionError(f"{self.key} ends at byte {self.at} of {self.size}")
                except BROKEN:
                    self._hang_up()
                    if attempt == READ_ATTEMPTS:
                        raise
        raise AssertionError("the last attempt returns or raises")

    def _connected(self) -> Any:
        if self.body is None:
            # The parts of two files are never put together: the store's own tag must still be the same.
            answer = self.bucket.hasty.get_object(
                Bucket=self.bucket.name, Key=self.key, Range=f"bytes={self.at}-", IfMatch=self.etag
            )
            self.body = answer["Body"]
        return self.body

    def _hang_up(self) -> None:
        if self.body is not None:
            self.body.close()
            self.body = None


def _hint(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if hint := HINTS.get(_code(cause)):
            return hint
        cause = cause.__cause__ or cause.__context__
    return str(error).strip().rstrip(".")


def _code(error: BaseException) -> str:
    """The store's code, such as NoSuchBucket; where none answered, the name of the error."""
    response: dict[str, Any] = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code") or type(error).__name__)
