"""Uploads with a limit that holds before a byte of them is read."""

from typing import Any

from rest_framework.parsers import MultiPartParser

from labelapp.common.errors import InvalidInput
from labelapp.prompts.importing.actions import MAX_FILE_BYTES

# The rest of a multipart body: boundaries, names, the other fields.
ENVELOPE_BYTES = 64 * 1024


class LimitedMultiPartParser(MultiPartParser):
    """Refuses a body that says it is too large; Django reads no more than it says."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        length = int(parser_context["request"].META.get("CONTENT_LENGTH") or 0)
        if length > MAX_FILE_BYTES + ENVELOPE_BYTES:
            raise InvalidInput(f"The file is larger than {MAX_FILE_BYTES // 1024**2} MB; split it.", field="file")
        return super().parse(stream, media_type, parser_context)
