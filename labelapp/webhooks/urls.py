"""Addresses of webhooks, below /api/v1/."""

from django.urls import path

from labelapp.webhooks import api

urlpatterns = [
    path("webhooks", api.WebhookListView.as_view()),
    path("webhooks/<int:webhook_id>", api.WebhookView.as_view()),
    path("webhooks/<int:webhook_id>/secret", api.WebhookSecretView.as_view()),
    path("webhooks/<int:webhook_id>/test", api.WebhookTestView.as_view()),
    path("webhooks/<int:webhook_id>/deliveries", api.DeliveryListView.as_view()),
    path("webhook-deliveries/<int:delivery_id>/send-again", api.DeliveryAgainView.as_view()),
]
