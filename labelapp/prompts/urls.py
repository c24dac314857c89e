"""Addresses of prompts, below /api/v1/."""

from django.urls import path

from labelapp.prompts import api, authoring_api, explorer_api, import_api, record_api

urlpatterns = [
    path("prompts", api.PromptListView.as_view()),
    path("prompts/facets", api.PromptFacetsView.as_view()),
    path("prompts/count", explorer_api.PromptCountView.as_view()),
    path("prompts/bulk", explorer_api.BulkChangeView.as_view()),
    path("prompts/changes", explorer_api.PromptChangeListView.as_view()),
    path("prompts/changes/<int:change_id>", explorer_api.PromptChangeView.as_view()),
    path("prompts/changes/<int:change_id>/undo", explorer_api.UndoChangeView.as_view()),
    path("prompts/statistics", explorer_api.StatisticsView.as_view()),
    path("prompts/statistics/<str:table>.csv", explorer_api.StatisticsFileView.as_view()),
    path("prompts/personal-data", record_api.PiiListView.as_view()),
    path("prompts/<int:prompt_id>", api.PromptView.as_view()),
    path("prompts/<int:prompt_id>/alike", record_api.PromptAlikeView.as_view()),
    path("prompts/<int:prompt_id>/duplicates", record_api.PromptDuplicatesView.as_view()),
    path("prompts/<int:prompt_id>/personal-data", record_api.PiiReviewView.as_view()),
    path("prompts/<int:prompt_id>/original", record_api.OriginalView.as_view()),
    path("ingest/prompts", record_api.IngestView.as_view()),
    path("consents", record_api.ConsentListView.as_view()),
    path("consents/standing", record_api.StandingConsentView.as_view()),
    path("consents/withdraw", record_api.WithdrawConsentView.as_view()),
    path("submitters", record_api.SubmitterListView.as_view()),
    path("prompt-imports", import_api.PromptImportListView.as_view()),
    path("prompt-imports/sources", import_api.ImportSourceView.as_view()),
    path("prompt-imports/<int:import_id>", import_api.PromptImportView.as_view()),
    path("prompt-imports/<int:import_id>/confirm", import_api.ConfirmImportView.as_view()),
    path("prompt-imports/<int:import_id>/undo", import_api.UndoImportView.as_view()),
    path("prompt-imports/<int:import_id>/resume", import_api.ResumeImportView.as_view()),
    path("prompt-imports/<int:import_id>/stop-following", import_api.StopFollowingView.as_view()),
    path("prompt-imports/<int:import_id>/dropped", import_api.DroppedLinesView.as_view()),
    path("prompt-imports/<int:import_id>/dropped/<int:line>", import_api.DroppedLineView.as_view()),
    path("prompt-imports/<int:import_id>/errors", import_api.ImportErrorsView.as_view()),
    path("sample-batches", api.SampleBatchListView.as_view()),
    path("writing", authoring_api.WritingView.as_view()),
    path("writing/drafts/<uuid:key>", authoring_api.DraftView.as_view()),
    path("writing/similar", authoring_api.SimilarView.as_view()),
    path("written-prompts", authoring_api.WrittenPromptListView.as_view()),
    path("written-prompts/<int:written_id>", authoring_api.WrittenPromptView.as_view()),
]
