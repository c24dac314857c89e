"""Deny by default: a view says which role it is for, or nobody gets in."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from labelapp.accounts.models import ApiToken, Role

PUBLIC = "public"

# What an API token must be allowed to do, by the role that the endpoint asks for; reading asks for `read` alone.
SCOPE_OF_ROLE = {Role.LABELER: "label", Role.RESEARCHER: "write", Role.ADMIN: "admin"}
SCOPES = ("read", *SCOPE_OF_ROLE.values())


class DeclaredRole(BasePermission):
    """Admit whom the view's `required_role` admits (a Role, or PUBLIC); a view without one admits nobody.

    A view may declare `required_roles = {"GET": Role.LABELER, "POST": Role.RESEARCHER}` instead, method by method.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        return is_admitted(request.user, request.auth, role=required_role(view, request.method or ""), request=request)


def required_role(view: Any, method: str) -> str | None:
    """Return the role that `view` asks for `method`: a Role's value, PUBLIC, or None when it declares nothing."""
    by_method: dict[str, str] | None = getattr(view, "required_roles", None)
    if by_method is not None:
        return by_method.get("GET" if method in {"HEAD", "OPTIONS"} else method)
    role: str | None = getattr(view, "required_role", None)
    return role


def is_admitted(user: Any, token: Any, *, role: str | None, request: Any) -> bool:
    """Say whether `user`, who came with `token` or a session, may send `request` to an endpoint for `role`."""
    if role == PUBLIC:
        return True
    if not role or not user.is_authenticated or not user.has_role(role):
        return False
    if not isinstance(token, ApiToken):
        return True
    needed = "read" if request.method in SAFE_METHODS else SCOPE_OF_ROLE[Role(role)]
    return needed in token.scopes
