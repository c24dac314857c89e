"""How allauth is bent to this product: nobody signs up without an invitation."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class InvitationOnlyAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts come from invitations (`accounts.actions.accept_invitation`), never from an open form."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
