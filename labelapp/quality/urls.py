from django.urls import path

from labelapp.quality import api

urlpatterns = [
    path("agreement", api.OwnAgreementView.as_view()),
    path("projects/<int:project_id>/statistics", api.ProjectStatisticsView.as_view()),
]
