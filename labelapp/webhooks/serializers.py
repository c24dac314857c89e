"""Shapes of webhooks and deliveries."""

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from labelapp.common.serializers import StrictSerializer
from labelapp.webhooks.models import Delivery, EventType, Webhook


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    """A webhook. `secret` is there in the answer that made it, or replaced it, and never again."""

    events = serializers.ListField(child=serializers.ChoiceField(choices=EventType.choices))
    waiting_count = serializers.IntegerField(default=0)
    last_tried_at = serializers.DateTimeField(default=None, allow_null=True)
    last_error = serializers.CharField(
        default=None, allow_null=True, help_text="Empty where the last one was delivered."
    )
    secret = serializers.SerializerMethodField()

    class Meta:
        model = Webhook
        fields = (
            "id",
            "name",
            "url",
            "events",
            "paused_at",
            "paused_because",
            "waiting_count",
            "last_tried_at",
            "last_error",
            "created_at",
            "previous_secret_until",
            "secret",
        )
        read_only_fields = fields

    def get_secret(self, _webhook: Webhook) -> str | None:
        secret: str | None = self.context.get("secret")
        return secret


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """A message to a webhook and its last attempt."""

    payload = serializers.SerializerMethodField()

    class Meta:
        model = Delivery
        fields = (
            "id",
            "message_id",
            "event",
            "state",
            "attempts",
            "created_at",
            "due_at",
            "ended_at",
            "tried_at",
            "status_code",
            "duration_ms",
            "error",
            "response",
            "payload",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.DictField())
    def get_payload(self, delivery: Delivery) -> dict[str, Any]:
        payload: dict[str, Any] = json.loads(delivery.body)
        return payload


class AddWebhook(StrictSerializer):
    """Whom to tell what."""

    name = serializers.CharField(max_length=120)
    url = serializers.CharField(max_length=500)
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=EventType.choices), allow_empty=False, max_length=len(EventType)
    )


class UpdateWebhook(AddWebhook):
    """What may change. While it is paused, what it would be told waits."""

    name = serializers.CharField(max_length=120, required=False)
    url = serializers.CharField(max_length=500, required=False)
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=EventType.choices),
        allow_empty=False,
        max_length=len(EventType),
        required=False,
    )
    paused = serializers.BooleanField(required=False)


class DeliveryQuery(StrictSerializer):
    """Which part of the log."""

    state = serializers.ChoiceField(choices=Delivery.State.choices, required=False)
