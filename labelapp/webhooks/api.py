"""Webhooks over HTTP, for admins."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts.models import Role
from labelapp.common.errors import ErrorSerializer
from labelapp.common.requests import parsed, parsed_query
from labelapp.webhooks import actions, queries
from labelapp.webhooks.serializers import (
    AddWebhook,
    DeliveryQuery,
    DeliverySerializer,
    UpdateWebhook,
    WebhookSerializer,
)

BAD_INPUT = {400: ErrorSerializer}
MISSING = {404: ErrorSerializer}
CONFLICT = {409: ErrorSerializer}


class WebhookListView(GenericAPIView[Any]):
    """Whoever is told what happens here."""

    required_role = Role.ADMIN

    @extend_schema(operation_id="webhooks_list", responses={200: WebhookSerializer(many=True)})
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(queries.webhooks())
        return self.get_paginated_response(WebhookSerializer(page, many=True).data)

    @extend_schema(
        operation_id="webhooks_add", request=AddWebhook, responses={201: WebhookSerializer, **BAD_INPUT, **CONFLICT}
    )
    def post(self, request: Request) -> Response:
        user: Any = request.user
        added = actions.add_webhook(**parsed(AddWebhook, request), created_by=user)
        return Response(WebhookSerializer(added.webhook, context={"secret": added.secret}).data, status=201)


class WebhookView(APIView):
    """One of them."""

    required_role = Role.ADMIN

    @extend_schema(operation_id="webhooks_retrieve", responses={200: WebhookSerializer, **MISSING})
    def get(self, request: Request, webhook_id: int) -> Response:
        return Response(WebhookSerializer(queries.access_webhook(webhook_id)).data)

    @extend_schema(
        operation_id="webhooks_update",
        request=UpdateWebhook,
        responses={200: WebhookSerializer, **BAD_INPUT, **MISSING, **CONFLICT},
    )
    def patch(self, request: Request, webhook_id: int) -> Response:
        webhook = queries.access_webhook(webhook_id)
        actions.update_webhook(webhook, **parsed(UpdateWebhook, request))
        return Response(WebhookSerializer(queries.access_webhook(webhook_id)).data)

    @extend_schema(operation_id="webhooks_delete", responses={204: None, **MISSING})
    def delete(self, request: Request, webhook_id: int) -> Response:
        actions.delete_webhook(queries.access_webhook(webhook_id))
        return Response(status=204)


class WebhookSecretView(APIView):
    """Giving it a new secret; for a day messages are signed by the old one, too."""

    required_role = Role.ADMIN

    @extend_schema(operation_id="webhooks_replace_secret", request=None, responses={200: WebhookSerializer, **MISSING})
    def post(self, request: Request, webhook_id: int) -> Response:
        added = actions.replace_secret(queries.access_webhook(webhook_id))
        row = queries.access_webhook(webhook_id)
        return Response(WebhookSerializer(row, context={"secret": added.secret}).data)


class WebhookTestView(APIView):
    """Sending it a message that means nothing."""

    required_role = Role.ADMIN

    @extend_schema(
        operation_id="webhooks_test", request=None, responses={201: DeliverySerializer, **MISSING, **CONFLICT}
    )
    def post(self, request: Request, webhook_id: int) -> Response:
        delivery = actions.send_test(queries.access_webhook(webhook_id))
        return Response(DeliverySerializer(delivery).data, status=201)


class DeliveryListView(GenericAPIView[Any]):
    """Its log."""

    required_role = Role.ADMIN

    @extend_schema(
        operation_id="webhooks_deliveries",
        parameters=[DeliveryQuery],
        responses={200: DeliverySerializer(many=True), **BAD_INPUT, **MISSING},
    )
    def get(self, request: Request, webhook_id: int) -> Response:
        found = queries.deliveries(queries.access_webhook(webhook_id), **parsed_query(DeliveryQuery, request))
        return self.get_paginated_response(DeliverySerializer(self.paginate_queryset(found), many=True).data)


class DeliveryAgainView(APIView):
    """Sending a message again."""

    required_role = Role.ADMIN

    @extend_schema(
        operation_id="webhooks_send_again", request=None, responses={200: DeliverySerializer, **MISSING, **CONFLICT}
    )
    def post(self, request: Request, delivery_id: int) -> Response:
        return Response(DeliverySerializer(actions.send_again(queries.access_delivery(delivery_id))).data)
