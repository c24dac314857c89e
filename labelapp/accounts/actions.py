"""Every write to people's accounts, invitations and tokens."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from labelapp.accounts.models import ApiToken, Invitation, Role, User
from labelapp.accounts.tokens import API_TOKEN_PREFIX, digest, new_secret
from labelapp.common.errors import Conflict, InvalidInput, NotFound

Row = TypeVar("Row", Invitation, ApiToken)


@dataclass(frozen=True, slots=True)
class Issued(Generic[Row]):
    """A new invitation or token together with its secret, which is shown once and never stored."""

    row: Row
    secret: str


@transaction.atomic
def invite(inviter: User, *, email: str, role: str, days: int) -> Issued[Invitation]:
    """Invite one person. An older open invitation to the same address ends: only the newest link works."""
    email = email.lower()
    if User.objects.filter(email__iexact=email).exists():
        raise InvalidInput(f"{email} already has an account.", field="email")
    now = timezone.now()
    Invitation.objects.filter(email__iexact=email, accepted_at=None, revoked_at=None).update(revoked_at=now)
    secret = new_secret()
    invitation = Invitation.objects.create(
        email=email, role=role, token_digest=digest(secret), invited_by=inviter, expires_at=now + timedelta(days=days)
    )
    link = invitation_link(secret)
    transaction.on_commit(lambda: send_invitation(invitation, link=link))
    return Issued(row=invitation, secret=secret)


def invitation_link(secret: str) -> str:
    """Return the page on which an invited person makes the account."""
    return f"{settings.PUBLIC_URL}/invitation/{secret}"


def send_invitation(invitation: Invitation, *, link: str) -> None:
    """Mail the link; the inviter sees it on the page too, so a mail server that is down loses nothing."""
    role = invitation.get_role_display().lower()
    send_mail(
        subject="Your invitation to labelapp",
        message=f"{invitation.invited_by} invites you to labelapp as {role}.\n\n{link}\n",
        from_email=None,
        recipient_list=[invitation.email],
        fail_silently=True,
    )


def open_invitation(secret: str, *, lock: bool = False) -> Invitation:
    """Return the invitation that `secret` opens; used, revoked, expired and unknown links are told apart."""
    rows = Invitation.objects.select_for_update() if lock else Invitation.objects
    invitation = rows.filter(token_digest=digest(secret)).first()
    if invitation is None or invitation.revoked_at is not None:
        raise NotFound("This invitation does not exist any more. Ask for a new one.")
    if invitation.accepted_at is not None:
        raise Conflict("This invitation has been used. Log in instead.", code="invitation_used")
    if invitation.expires_at <= timezone.now():
        raise Conflict("This invitation has expired. Ask for a new one.", code="invitation_expired")
    return invitation


@transaction.atomic
def accept_invitation(secret: str, *, name: str, password: str) -> User:
    """Make the account that an invitation promises."""
    invitation = open_invitation(secret, lock=True)
    try:
        validate_password(password, user=User(email=invitation.email, name=name))
    except ValidationError as error:
        raise InvalidInput(
            " ".join(error.messages), errors=[("password", message) for message in error.messages]
        ) from error
    try:
        with transaction.atomic():
            user = User.objects.create_user(invitation.email, password, name=name, role=invitation.role)
    except IntegrityError as error:
        raise Conflict(f"{invitation.email} already has an account.", code="account_exists") from error
    invitation.accepted_by, invitation.accepted_at = user, timezone.now()
    invitation.save(update_fields=["accepted_by", "accepted_at"])
    return user


@transaction.atomic
def revoke_invitation(invitation: Invitation) -> None:
    """Make the link useless; one that was accepted stays in the record as it is."""
    if invitation.accepted_at is not None:
        raise Conflict("This invitation has been accepted. Deactivate the account instead.", code="invitation_used")
    Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=timezone.now())


@transaction.atomic
def change_user(user: User, *, changed_by: User, **changes: Any) -> User:
    """Change a person's name, role or whether the account is active; the last admin cannot lock everybody out."""
    loses_admin = changes.get("role", user.role) != Role.ADMIN or changes.get("is_active") is False
    if user.role == Role.ADMIN and user.is_active and loses_admin:
        # Locked in a fixed order, so that two admins who demote each other cannot both succeed.
        admins = User.objects.select_for_update().filter(role=Role.ADMIN, is_active=True).order_by("pk")
        if [admin.pk for admin in admins] == [user.pk]:
            field = "is_active" if changes.get("is_active") is False else "role"
            raise InvalidInput("This is the only admin: make somebody else an admin first.", field=field)
    if user.pk == changed_by.pk and changes.get("is_active") is False:
        raise InvalidInput("You cannot deactivate your own account.", field="is_active")
    for field, value in changes.items():
        setattr(user, field, value)
    user.save(update_fields=list(changes))
    if not user.is_active:
        end_sessions(user)
    return user


def end_sessions(user: User) -> None:
    """Log `user` out everywhere and end the tokens."""
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())
    for session in UserSession.objects.filter(user=user):
        session.end()


def issue_token(user: User, *, name: str, scopes: list[str], days: int) -> Issued[ApiToken]:
    """Make an API token for `user`; it can never do more than its owner."""
    secret = new_secret(API_TOKEN_PREFIX)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=secret[:10],
        digest=digest(secret),
        scopes=sorted(set(scopes)),
        expires_at=timezone.now() + timedelta(days=days),
    )
    return Issued(row=token, secret=secret)


def revoke_token(token: ApiToken) -> None:
    """End a token at once."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
