"""Domain errors, and the one place that turns any error into an HTTP answer.

Every error body is `{"code", "message", "errors": [{"field", "message"}], "data"}`: a stable code for programs, a
sentence for people, the fields that were wrong, and named facts.
"""

from collections.abc import Iterator
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

logger = structlog.get_logger(__name__)

CSRF_HELP = "Send the cookie `csrftoken` back in the header X-CSRFToken, or authenticate with an API token."


class DomainError(Exception):
    """A request that cannot be done, told to the person who asked. Subclasses fix the code and the HTTP status."""

    code = "conflict"
    status: int = 409

    def __init__(
        self,
        message: str,
        *,
        field: str = "",
        code: str = "",
        errors: list[tuple[str, str]] | None = None,
        **data: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.errors = errors or ([(field, message)] if field else [])
        self.data = data

    def body(self) -> dict[str, Any]:
        """Return the JSON body of this error."""
        return error_body(self.code, self.message, errors=self.errors, data=self.data)


class InvalidInput(DomainError):
    """The request's content is wrong: names the field and says what would be right."""

    code = "invalid_input"
    status = 400


class NotFound(DomainError):
    """There is no such thing, or the asker may not know that there is."""

    code = "not_found"
    status = 404


class Conflict(DomainError):
    """The thing is in a state in which this cannot be done."""


def error_body(
    code: str,
    message: str,
    *,
    errors: list[tuple[str, str]] | None = None,
    data: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Build the body that every error of the API has."""
    return {
        "code": code,
        "message": _writable(message),
        "errors": [{"field": _writable(field), "message": _writable(text)} for field, text in errors or []],
        "data": data or {},
    }


def _writable(text: str) -> str:
    """An error may name a key of the request; JSON can spell lone surrogates there, which no answer can."""
    return text.encode(errors="replace").decode()


def flatten(detail: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield (dotted field, message) for each leaf of a DRF error detail."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            yield from flatten(value, ".".join(part for part in (prefix, name) if part))
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            is_nested = isinstance(value, dict | list)
            yield from flatten(value, f"{prefix}.{index}" if is_nested and prefix else prefix)
    else:
        yield prefix, str(detail)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn any error of a view into our body; what nobody foresaw is logged and stays a 500 without details."""
    if isinstance(error, DomainError):
        return Response(error.body(), status=error.status)
    if isinstance(error, exceptions.PermissionDenied) and str(error.detail).startswith("CSRF Failed"):
        return Response(error_body("csrf_failed", CSRF_HELP), status=403)
    if isinstance(error, Http404 | PermissionDenied | exceptions.PermissionDenied | exceptions.NotFound):
        # A stranger must not learn what exists: forbidden and absent look the same.
        return Response(error_body("not_found", "There is nothing here for you."), status=404)
    response = drf_exception_handler(error, context)
    if response is None or not isinstance(error, exceptions.APIException):
        return None
    if isinstance(error, exceptions.ValidationError):
        errors = list(flatten(error.detail))
        field, message = errors[0]
        response.data = error_body("invalid_input", f"{field}: {message}" if field else message, errors=errors)
    else:
        response.data = error_body(str(error.default_code), str(error.detail))
    return response


def domain_error_response(error: DomainError) -> JsonResponse:
    """The same answer for the few plain Django views that skip DRF for speed."""
    return JsonResponse(error.body(), status=error.status)


def csrf_failure(_request: HttpRequest, reason: str = "") -> JsonResponse:
    """Django's answer to a missing CSRF token, in our shape (CSRF_FAILURE_VIEW)."""
    return JsonResponse(error_body("csrf_failed", CSRF_HELP, data={"reason": reason}), status=403)


class FieldErrorSerializer(serializers.Serializer[Any]):
    """One wrong field."""

    field = serializers.CharField(help_text="Dotted path of the field, e.g. `judgments.2.rank`; empty for the whole.")
    message = serializers.CharField()


class ErrorSerializer(serializers.Serializer[Any]):
    """The body of every 4xx answer."""

    code = serializers.CharField()
    message = serializers.CharField()
    errors = FieldErrorSerializer(many=True)  # type: ignore[assignment]  # DRF has attributes of these names
    data = serializers.DictField()  # type: ignore[assignment]
