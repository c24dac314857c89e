"""Reading a request's body."""

from typing import Any

from rest_framework.request import Request
from rest_framework.serializers import MultipleChoiceField, Serializer


def parsed(serializer_class: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return the validated body, or raise the error that names the field."""
    serializer = serializer_class(data=request.data)
    serializer.is_valid(raise_exception=True)
    data: dict[str, Any] = serializer.validated_data
    return data


def parsed_query(serializer_class: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return the validated query string, or raise the error that names the parameter. Paging is the paginator's.

    A parameter of several choices may be given more than once (`kind=sft&kind=policy`).
    """
    given = request.query_params
    several = {name for name, field in serializer_class().fields.items() if isinstance(field, MultipleChoiceField)}
    parameters = {
        key: given.getlist(key) if key in several else value
        for key, value in given.items()
        if key not in {"page", "page_size"}
    }
    serializer = serializer_class(data=parameters)
    serializer.is_valid(raise_exception=True)
    data: dict[str, Any] = serializer.validated_data
    return data
