"""The front end's files, and what happens where they are built anew under a running server."""

import os
from pathlib import Path

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from labelapp.common.assets import AssetsMiddleware
from labelapp.common.pages import index_html

# A response that is closed has Django look after its connections.
pytestmark = pytest.mark.django_db


@pytest.fixture
def built(settings: Settings, tmp_path: Path) -> Path:
    """A front end as Vite builds it."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "Page-abcd1234.js").write_text("old")
    (tmp_path / "secret.txt").write_text("not an asset")
    settings.FRONTEND_DIR = settings.WHITENOISE_ROOT = tmp_path
    return tmp_path


def behind(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("Not found.", status=404)


def test_a_new_build_is_served_and_what_is_gone_is_a_404(built: Path) -> None:
    serve = AssetsMiddleware(behind)

    def status(path: str) -> int:
        response = serve(RequestFactory().get(path))
        response.close()
        return response.status_code

    assert status("/assets/Page-abcd1234.js") == 200
    (built / "assets" / "Page-abcd1234.js").rename(built / "assets" / "Page-efgh5678.js")
    assert [status("/assets/Page-abcd1234.js") for _ in range(2)] == [404, 404]
    assert status("/assets/Page-efgh5678.js") == 200
    assert status("/assets/../assets/Page-efgh5678.js") == 404
    assert status("/assets/") == 404


def test_the_page_is_read_again_once_it_was_built_anew(built: Path) -> None:
    assert index_html() is None
    for number in (1, 2):
        (built / "index.html").write_text(f"build {number}</html>\n")
        os.utime(built / "index.html", ns=(number, number))
        assert index_html() == f"build {number}</html>\n"


def test_the_last_whole_page_is_served_while_another_is_built(built: Path) -> None:
    page = built / "index.html"
    page.write_text("<html>old")
    assert index_html() is None
    page.write_text("<html>old</html>")
    assert index_html() == "<html>old</html>"
    page.unlink()
    assert index_html() == "<html>old</html>"
    page.write_text("<html>ne")
    assert index_html() == "<html>old</html>"
    half_done = page.stat().st_mtime_ns
    page.write_text("<html>new</html>")
    os.utime(page, ns=(half_done, half_done))
    assert index_html() == "<html>new</html>"


@pytest.mark.parametrize("path", ["/assets/Page-abcd1234.js", "/static/none.css"])
def test_what_is_not_there_is_not_answered_with_the_app(path: str) -> None:
    response = Client().get(path)
    assert (response.status_code, response.content) == (404, b"Not found.")
