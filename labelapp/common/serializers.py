"""Serializers that refuse what they do not know."""

from typing import Any

from rest_framework import serializers


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer for request bodies: a key that nothing reads is an error that names it, never ignored."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            known = [name for name, field in self.fields.items() if not field.read_only]
            unknown = sorted(str(key) for key in data if key not in known)
            if unknown:
                known_names = ", ".join(known)
                raise serializers.ValidationError(
                    {key: [f"Unknown field. This request takes: {known_names}."] for key in unknown}
                )
        return super().to_internal_value(data)
