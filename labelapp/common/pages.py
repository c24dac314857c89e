"""The single-page app: one HTML file for every page, with the request's CSP nonce in it."""

from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse

NONCE_MARK = "__CSP_NONCE__"
NOT_BUILT = "The front end is not built. Run `make run`, or `npm ci && npm run build` in frontend/."


@cache
def index_html() -> str | None:
    """Return the built page, or None where nobody has built it."""
    path = settings.FRONTEND_DIR / "index.html"
    return path.read_text() if path.exists() else None


def app_page(request: HttpRequest) -> HttpResponse:
    """Serve the app; which page it shows is the browser's business."""
    html = index_html()
    if html is None:
        return HttpResponse(NOT_BUILT, status=503, content_type="text/plain")
    nonce = str(request.csp_nonce)  # type: ignore[attr-defined]
    response = HttpResponse(html.replace(NONCE_MARK, nonce))
    response["Cache-Control"] = "no-cache"
    return response


def asset_not_found(_request: HttpRequest) -> HttpResponse:
    """A file that is not there must not be answered with the app's HTML."""
    return HttpResponse("Not found.", status=404, content_type="text/plain")
