"""Reading a request's body."""

from typing import Any

from rest_framework.request import Request
from rest_framework.serializers import Serializer


def parsed(serializer_class: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return the validated body, or raise the error that names the field."""
    serializer = serializer_class(data=request.data)
    serializer.is_valid(raise_exception=True)
    data: dict[str, Any] = serializer.validated_data
    return data


def parsed_query(serializer_class: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return the validated query string, or raise the error that names the parameter. Paging is the paginator's."""
    parameters = {key: value for key, value in request.query_params.items() if key not in {"page", "page_size"}}
    serializer = serializer_class(data=parameters)
    serializer.is_valid(raise_exception=True)
    data: dict[str, Any] = serializer.validated_data
    return data
