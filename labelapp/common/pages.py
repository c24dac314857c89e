"""The single-page app: one HTML file for every page, with the request's CSP nonce in it."""

from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse

NONCE_MARK = "__CSP_NONCE__"
NOT_BUILT = "The front end is not built. Run `make run`, or `npm ci && npm run build` in frontend/."


def index_html() -> str | None:
    """Return the built page, or None where nobody has built it; one that is built anew names other assets."""
    try:
        return _read((settings.FRONTEND_DIR / "index.html").stat().st_mtime_ns)
    except FileNotFoundError:
        return None


@lru_cache(maxsize=1)
def _read(_changed_at_ns: int) -> str:
    text: str = (settings.FRONTEND_DIR / "index.html").read_text()
    return text


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
