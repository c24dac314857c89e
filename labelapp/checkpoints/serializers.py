"""Shapes of the registry's requests and answers."""

from typing import Any

from django.core.validators import URLValidator
from rest_framework import serializers

from labelapp.checkpoints.models import Checkpoint, CheckpointKind, CheckpointParent, Endpoint
from labelapp.common.search import NamedQuery
from labelapp.common.serializers import StrictSerializer

MAX_TIMEOUT_SECONDS = 3600
MAX_CONCURRENCY = 256


class CheckpointQuery(NamedQuery):
    """Filters of the list of checkpoints."""

    kind = serializers.MultipleChoiceField(choices=CheckpointKind.choices, required=False)
    archived = serializers.BooleanField(default=False)


class CheckpointParentSerializer(serializers.ModelSerializer[CheckpointParent]):
    """What a checkpoint was made from."""

    id = serializers.IntegerField(source="parent_id", read_only=True)
    name = serializers.CharField(source="parent.name", read_only=True)
    kind = serializers.ChoiceField(source="parent.kind", choices=CheckpointKind.choices, read_only=True)

    class Meta:
        model = CheckpointParent
        fields = ("id", "name", "kind", "used_as")
        read_only_fields = fields


class CheckpointSerializer(serializers.ModelSerializer[Checkpoint]):
    """A checkpoint."""

    metrics = serializers.DictField(read_only=True)
    parents = CheckpointParentSerializer(source="parent_links", many=True, read_only=True)

    class Meta:
        model = Checkpoint
        fields = (
            "id",
            "name",
            "kind",
            "location",
            "sha256",
            "size_bytes",
            "metrics",
            "description",
            "parents",
            "created_at",
            "archived_at",
        )
        read_only_fields = fields


class RegisterCheckpoint(StrictSerializer):
    """A model that exists already: a directory on the server, or a name on the Hugging Face hub."""

    name = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField(choices=CheckpointKind.choices)
    location = serializers.CharField(max_length=500)
    description = serializers.CharField(max_length=10_000, allow_blank=True, required=False)


class UpdateCheckpoint(StrictSerializer):
    """What may change about a checkpoint."""

    description = serializers.CharField(max_length=10_000, allow_blank=True, required=False)
    archived = serializers.BooleanField(required=False)


class EndpointSerializer(serializers.ModelSerializer[Endpoint]):
    """An endpoint. Its key is not shown; only whether there is one."""

    has_api_key = serializers.SerializerMethodField()

    class Meta:
        model = Endpoint
        fields = (
            "id",
            "name",
            "base_url",
            "model",
            "has_api_key",
            "timeout_seconds",
            "max_concurrency",
            "created_at",
            "archived_at",
        )
        read_only_fields = fields

    def get_has_api_key(self, endpoint: Endpoint) -> bool:
        return bool(endpoint.encrypted_api_key)


class HttpUrlField(serializers.CharField):
    """An http or https URL. Hosts without a dot are fine: `http://vllm:8000/v1` is the usual case."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        value = super().run_validation(data)
        if not isinstance(value, str):
            return value
        scheme, _, rest = value.partition("://")
        host, slash, path = rest.partition("/")
        if scheme.lower() not in {"http", "https"}:
            raise serializers.ValidationError("Give a URL that starts with http:// or https://.")
        if "@" in host:
            raise serializers.ValidationError("Give the key as api_key, not inside the URL, which is shown to people.")
        if "?" in rest or "#" in rest:
            raise serializers.ValidationError("Give the URL up to its path, e.g. http://vllm:8000/v1.")
        # Django's validator knows no host without a dot; a suffix lets it check everything else.
        name, colon, port = host.partition(":")
        dotted = name if "." in name or name == "localhost" or host.startswith("[") else f"{name}.internal"
        checked = host if host.startswith("[") else f"{dotted}{colon}{port}"
        URLValidator(schemes=["http", "https"])(f"{scheme}://{checked}{slash}{path}")
        return value


class RegisterEndpoint(StrictSerializer):
    """A server that speaks OpenAI's protocol."""

    name = serializers.CharField(max_length=120)
    base_url = HttpUrlField(max_length=500)
    model = serializers.CharField(max_length=200)
    api_key = serializers.CharField(max_length=1000, allow_blank=True, write_only=True, required=False)
    timeout_seconds = serializers.IntegerField(min_value=1, max_value=MAX_TIMEOUT_SECONDS, required=False)
    max_concurrency = serializers.IntegerField(min_value=1, max_value=MAX_CONCURRENCY, required=False)


class UpdateEndpoint(RegisterEndpoint):
    """What may change about an endpoint; an empty key forgets the stored one."""

    name = serializers.CharField(max_length=120, required=False)
    base_url = HttpUrlField(max_length=500, required=False)
    model = serializers.CharField(max_length=200, required=False)
    archived = serializers.BooleanField(required=False)


class EndpointQuery(NamedQuery):
    """Filters of the list of endpoints; `search` is a part of its name or of its model's."""

    archived = serializers.BooleanField(default=False)
