"""Addresses of the registry, below /api/v1/."""

from django.urls import path

from labelapp.checkpoints import api

urlpatterns = [
    path("checkpoints", api.CheckpointListView.as_view()),
    path("checkpoints/<int:checkpoint_id>", api.CheckpointView.as_view()),
    path("endpoints", api.EndpointListView.as_view()),
    path("endpoints/<int:endpoint_id>", api.EndpointView.as_view()),
]
