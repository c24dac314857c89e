from django.urls import path

from labelapp.common import api

urlpatterns = [
    path("health", api.HealthView.as_view()),
    path("system", api.SystemView.as_view()),
]
