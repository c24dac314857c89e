from django.urls import path

from labelapp.quality import api

urlpatterns = [path("projects/<int:project_id>/statistics", api.ProjectStatisticsView.as_view())]
