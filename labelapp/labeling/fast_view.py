"""DRF's authentication, permissions and errors without the rest of DRF, for the endpoints that labelers call all day.

A view of this class is an APIView to the schema and to whoever asks for its `required_role`; it skips content
negotiation, parsers, serializers and renderers, which are half of such a request's time.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from labelapp.accounts.models import User
from labelapp.common.errors import NotFound


def asker(request: Request) -> User:
    """Return the person who asks, whom the view's role has admitted."""
    assert isinstance(request.user, User)
    return request.user


def asker_id(request: Request) -> int:
    """Return the id of the person who asks, whom the view's role has admitted."""
    assert request.user.pk is not None
    return request.user.pk


class UnparsedRequest(Request):
    """DRF's request without its parsers: the CSRF check may ask for a form's fields, and there are none."""

    @property
    def POST(self) -> QueryDict:  # type: ignore[override]  # noqa: N802  (Django's name)
        """Return the fields of a form; a JSON body has none, and stays unread."""
        return self._request.POST


class FastView(APIView):
    """A view whose methods take (request, ids…) and return (body, status)."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Authenticate, admit, answer; any error takes the way of every other view's."""
        self.args, self.kwargs, self.headers = args, kwargs, {}
        self.request = UnparsedRequest(request, authenticators=self.get_authenticators())
        try:
            self._admit()
            body, status = self._handler(request)(self.request, *args, **kwargs)
        except Exception as error:
            answer = self.handle_exception(error)  # raises again what is nobody's mistake but ours
            response = JsonResponse(answer.data, status=answer.status_code)
            if "WWW-Authenticate" in answer.headers:
                response.headers["WWW-Authenticate"] = answer.headers["WWW-Authenticate"]
            return response
        return JsonResponse(body, status=status)

    def _admit(self) -> None:
        for permission in self.get_permissions():
            if not permission.has_permission(self.request, self):
                if not self.request.user.is_authenticated:
                    raise NotAuthenticated
                raise NotFound("There is nothing here for you.")

    def _handler(self, request: HttpRequest) -> Any:
        method = (request.method or "").lower()
        handler = getattr(self, method, None) if method in self.http_method_names else None
        if handler is None:
            raise MethodNotAllowed(request.method or "")
        return handler
