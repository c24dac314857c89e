"""The single-page app: one HTML file for every page, with the request's CSP nonce in it."""

from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse

NONCE_MARK = "__CSP_NONCE__"
NOT_BUILT = "The front end is not built. Run `make run`, or `npm ci && npm run build` in frontend/."


# By folder, the last whole page with the time and size of its file.
_whole: dict[Path, tuple[tuple[int, int], str]] = {}


def index_html() -> str | None:
    """Return the built page, or None where nobody has built it; one that is built anew names other assets.

    A build empties its folder first and writes this file in steps: meanwhile the last whole page is returned.
    """
    path: Path = settings.FRONTEND_DIR / "index.html"
    known, page = _whole.get(path.parent, (None, None))
    try:
        now = path.stat()
        written = (now.st_mtime_ns, now.st_size)
        if written != known and (text := path.read_text()).rstrip().endswith("</html>"):
            _whole[path.parent] = written, text
            return text
    except FileNotFoundError:
        pass
    return page


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
