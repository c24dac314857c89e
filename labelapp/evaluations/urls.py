from django.urls import path

from labelapp.evaluations import api

urlpatterns = [
    path("evaluations/shared-prompts", api.SharedPromptsView.as_view()),
    path("projects/<int:project_id>/results", api.ResultsView.as_view()),
    path("projects/<int:project_id>/results/judgments", api.CountedJudgmentsView.as_view()),
    path("projects/<int:project_id>/results/judgments.csv", api.JudgmentsFileView.as_view()),
    path("projects/<int:project_id>/results/results.csv", api.ResultsFileView.as_view()),
]
