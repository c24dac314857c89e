"""Every route of the API with every role: who is let in, who is told that there is nothing.

`ROUTES` is the whole surface. A route that the resolver has and this table has not fails, so nobody opens one by
accident.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from labelapp.accounts.models import RANK_OF_ROLE, Role
from labelapp.accounts.permissions import PUBLIC, required_role
from labelapp.labeling.fast_view import FastView
from tests.architecture.routes import ROUTES
from tests.people import client_of, make_user

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
EXAMPLES = {"int": "1", "str": "x", "uuid": "00000000-0000-4000-8000-000000000000", "path": "x", "slug": "x"}
CASES = [(route, method, role) for route, methods in ROUTES.items() for method, role in methods.items()]


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield each address below `resolver` with its pattern."""
    for entry in resolver.url_patterns:
        address = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, address)
        else:
            yield address, entry


def api_patterns() -> dict[str, Any]:
    """Return the view behind each address of the API; the first one wins, as it does in the resolver."""
    found: dict[str, Any] = {}
    for address, pattern in patterns(get_resolver()):
        if address.startswith("api/") and address not in found:
            found[address] = getattr(pattern.callback, "cls", pattern.callback)
    return found


def declared(view: Any) -> dict[str, str | None]:
    """Return the role that each method of a view asks for."""
    methods = [method for method in METHODS if hasattr(view, method.lower())] or list(
        getattr(view, "required_roles", {})
    )
    return {method: required_role(view, method) for method in methods}


def test_the_table_is_the_whole_surface() -> None:
    actual = {address: declared(view) for address, view in api_patterns().items()}
    assert actual == ROUTES


def admitted(role: str) -> list[str | None]:
    """Return everybody who ranks high enough; None is somebody who is not logged in."""
    if role == PUBLIC:
        return [None, *Role.values]
    return [other for other in Role.values if RANK_OF_ROLE[Role(other)] >= RANK_OF_ROLE[Role(role)]]


def address_of(route: str) -> str:
    """Fill the placeholders of a route."""
    return "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda match: EXAMPLES[match[1] or "str"], route)


@pytest.fixture
def clients(db: None) -> dict[str | None, APIClient]:
    """Somebody of each role, and somebody who is not logged in."""
    return {None: APIClient()} | {role: client_of(make_user(role)) for role in Role.values}


def ask(client: APIClient, route: str, method: str) -> Any:
    """Send an empty request to a route."""
    return client.generic(method, address_of(route), "{}", content_type="application/json")


def test_whoever_ranks_lower_is_told_that_there_is_nothing(clients: dict[str | None, APIClient]) -> None:
    wrong = []
    for route, method, role in CASES:
        for other in clients.keys() - admitted(role):
            answer = ask(clients[other], route, method)
            expected = (404, "not_found") if other else (401, "not_authenticated")
            if (answer.status_code, answer.json()["code"]) != expected:
                wrong.append((method, route, other, answer.content))
    assert wrong == []


def test_whoever_ranks_high_enough_reaches_the_view(
    clients: dict[str | None, APIClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = []
    for route, method, role in CASES:
        view = api_patterns()[route]
        reached: Any = ({}, 299) if issubclass(view, FastView) else HttpResponse(status=299)
        with monkeypatch.context() as patch:
            patch.setattr(view, method.lower(), lambda *_args, _reached=reached, **_kwargs: _reached)
            for name in admitted(role):
                answer = ask(clients[name], route, method)
                if answer.status_code != 299:
                    wrong.append((method, route, name, answer.content))
    assert wrong == []


@pytest.mark.django_db
def test_of_allauth_only_what_the_pages_use_is_there() -> None:
    client = client_of(make_user())
    reachable = set()
    for address in (address for address, _ in patterns(get_resolver()) if address.startswith("_allauth/")):
        for method in METHODS:
            answer = ask(client, address, method)
            if answer.status_code != 404 or "There is no such endpoint." not in answer.content.decode():
                reachable.add(address.removeprefix("_allauth/browser/v1/"))
    assert reachable == {
        *("config", "auth/session", "auth/login", "auth/password/request", "auth/password/reset"),
        "account/password/change",
    }


@pytest.mark.django_db
def test_a_session_without_its_csrf_token_writes_nothing() -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(make_user(Role.ADMIN), backend="allauth.account.auth_backends.AuthenticationBackend")
    for route, methods in ROUTES.items():
        for method, role in methods.items():
            if method != "GET" and role != PUBLIC:
                answer = client.generic(method, address_of(route), "{}", content_type="application/json")
                assert answer.status_code in {403, 404}, (route, answer.content)
                assert answer.json()["code"] in {"csrf_failed", "not_found"}
