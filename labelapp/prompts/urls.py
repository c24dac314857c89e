"""Addresses of prompts, below /api/v1/."""

from django.urls import path

from labelapp.prompts import api

urlpatterns = [
    path("prompts", api.PromptListView.as_view()),
    path("prompts/facets", api.PromptFacetsView.as_view()),
    path("prompts/<int:prompt_id>", api.PromptView.as_view()),
    path("prompt-imports", api.PromptImportListView.as_view()),
    path("prompt-imports/<int:import_id>", api.PromptImportView.as_view()),
    path("prompt-imports/<int:import_id>/confirm", api.ConfirmImportView.as_view()),
    path("prompt-imports/<int:import_id>/errors", api.ImportErrorsView.as_view()),
    path("sample-batches", api.SampleBatchListView.as_view()),
]
