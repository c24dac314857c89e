"""Addresses of runs, below /api/v1/."""

from django.urls import path

from labelapp.runs import api, live_api

urlpatterns = [
    path("events", live_api.EventsView.as_view()),
    path("home", api.HomeView.as_view()),
    path("run-kinds", api.RunKindList.as_view()),
    path("runs", api.RunList.as_view()),
    path("runs/<int:run_id>", api.RunDetail.as_view()),
    path("runs/<int:run_id>/cancel", api.RunCancel.as_view()),
    path("runs/<int:run_id>/resume", api.RunResume.as_view()),
    path("runs/<int:run_id>/metrics", api.RunMetrics.as_view()),
    path("runs/<int:run_id>/log", api.RunLog.as_view()),
    path("runs/<int:run_id>/files", api.RunFiles.as_view()),
    path("runs/<int:run_id>/files/<path:name>", api.RunFile.as_view()),
    path("checkpoints/<int:checkpoint_id>/sample-into", api.SampleIntoProject.as_view()),
    path("checkpoints/<int:checkpoint_id>/lineage", api.CheckpointLineage.as_view()),
    path("checkpoints/tiny-base", api.TinyBase.as_view()),
    path("users/<int:user_id>/lineage", api.UserLineage.as_view()),
]
