"""Answers as JSON are compressed here, whether or not a proxy stands in front that would do so."""

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class JsonCompressionMiddleware(GZipMiddleware):
    """Compress whole JSON answers, and nothing else.

    Downloads and live events keep their bytes as they are: a range of a file is none of the compressed file, and an
    event must not wait in a buffer. Assets lie compressed on the disk. Against guessing a secret by the length of an
    answer (BREACH) Django adds a random number of bytes to each; session cookies are SameSite=Lax besides.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Return the answer, compressed where that may be and is shorter."""
        is_json = response.get("Content-Type", "").startswith("application/json")
        if (
            response.streaming
            or not is_json
            or "Content-Range" in response
            or "no-transform" in response.get("Cache-Control", "")
        ):
            return response
        return super().process_response(request, response)
