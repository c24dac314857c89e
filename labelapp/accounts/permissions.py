"""Deny by default: a view says which role it is for, or nobody gets in."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

PUBLIC = "public"


class DeclaredRole(BasePermission):
    """Admit whom the view's `required_role` admits (a Role, or PUBLIC); a view without one admits nobody.

    A view may declare `required_roles = {"GET": Role.LABELER, "POST": Role.RESEARCHER}` instead, method by method.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        required = required_role(view, request.method or "")
        if required == PUBLIC:
            return True
        user: Any = request.user
        return bool(required and user.is_authenticated and user.has_role(required))


def required_role(view: Any, method: str) -> str | None:
    """Return the role that `view` asks for `method`: a Role's value, PUBLIC, or None when it declares nothing."""
    by_method: dict[str, str] | None = getattr(view, "required_roles", None)
    if by_method is not None:
        return by_method.get("GET" if method in {"HEAD", "OPTIONS"} else method)
    role: str | None = getattr(view, "required_role", None)
    return role
