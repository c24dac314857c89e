from django.urls import path

from labelapp.labeling import api

urlpatterns = [
    path("projects/<int:project_id>/next", api.NextView.as_view()),
    path("assignments/<int:assignment_id>", api.AssignmentView.as_view()),
    path("assignments/<int:assignment_id>/heartbeat", api.HeartbeatView.as_view()),
    path("assignments/<int:assignment_id>/draft", api.DraftView.as_view()),
    path("assignments/<int:assignment_id>/submit", api.SubmitView.as_view()),
    path("assignments/<int:assignment_id>/revise", api.ReviseView.as_view()),
    path("assignments/<int:assignment_id>/skip", api.SkipView.as_view()),
]
