"""The front end's files, also where it is built anew under a running server."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware

ASSETS = "/assets/"


class AssetsMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise looks at its files once, at the start. Here what has gone since is a 404, and what is new is found."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # What `find_file` looks through; WhiteNoise itself fills it for development alone.
        self.directories = [(f"{settings.FRONTEND_DIR}/", "/")]

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if path.startswith(ASSETS) and path not in self.files and (found := self.find_file(path)):
            self.files[path] = found
        try:
            response: HttpResponseBase = super().__call__(request)
        except FileNotFoundError:
            if self.files.pop(path, None) is None:
                raise
            response = self.get_response(request)
        return response
