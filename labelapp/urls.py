"""Every address: the API under /api/v1/, allauth's account endpoints, and the single-page app for the rest."""

from django.conf import settings
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from labelapp.accounts.permissions import PUBLIC
from labelapp.common.api import api_not_found
from labelapp.common.pages import app_page, asset_not_found

# Topmost first: `runs` serves a few addresses below `checkpoints/` and `users/` that need what only it can see.
API = [path("", include(f"labelapp.{app}.urls")) for app in settings.LABELAPP_APPS]

# What of allauth the pages use. Its others would let people change their address to one that nobody has proved theirs.
ALLAUTH = "config|auth/session|auth/login|auth/password/request|auth/password/reset|account/password/change"


class SchemaView(SpectacularAPIView):
    """The OpenAPI schema. It tells nothing that the source does not, so it needs no login."""

    required_role = PUBLIC


class DocsView(SpectacularSwaggerView):
    """The schema as a page to read and try."""

    required_role = PUBLIC


urlpatterns = [
    path("api/v1/", include(API)),
    path("api/schema", SchemaView.as_view(), name="schema"),
    path("api/docs", DocsView.as_view(url_name="schema"), name="docs"),
    re_path(r"^api/", api_not_found),
    re_path(rf"^_allauth/(?!browser/v1/(?:{ALLAUTH})$)", api_not_found),
    path("_allauth/", include("allauth.headless.urls")),
    re_path(r"^(?:assets|static)/", asset_not_found),
    re_path(r"^", app_page),
]
