"""Shapes of the account endpoints."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from labelapp.accounts.models import ApiToken, Invitation, Role, User
from labelapp.accounts.permissions import SCOPES
from labelapp.common.search import NamedQuery
from labelapp.common.serializers import StrictSerializer


class UserSerializer(serializers.ModelSerializer[User]):
    """A person as researchers and admins see them."""

    class Meta:
        model = User
        fields = ("id", "email", "name", "role", "pseudonym", "is_active", "date_joined", "last_login")
        read_only_fields = fields


class MeSerializer(serializers.ModelSerializer[User]):
    """A person as they see themselves."""

    class Meta:
        model = User
        fields = ("id", "email", "name", "role", "pseudonym", "date_joined")
        read_only_fields = fields


class ChangeMeSerializer(StrictSerializer):
    """What people may change about themselves."""

    name = serializers.CharField(max_length=120, required=False)


class UserQuery(NamedQuery):
    """Filters of the list of people; `search` is a part of the name or of the address."""

    role = serializers.ChoiceField(choices=Role.choices, required=False)
    is_active = serializers.BooleanField(required=False)


class ChangeUserSerializer(StrictSerializer):
    """What an admin may change about somebody."""

    name = serializers.CharField(max_length=120, required=False)
    role = serializers.ChoiceField(choices=Role.choices, required=False)
    is_active = serializers.BooleanField(required=False)


class InviteSerializer(StrictSerializer):
    """Whom to invite as what."""

    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=Role.choices)
    days = serializers.IntegerField(min_value=1, max_value=90, default=14)


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    """An invitation in the admin's list; `link` is there in the answer that made it and never again."""

    state = serializers.SerializerMethodField()
    link = serializers.SerializerMethodField()
    invited_by = serializers.CharField(source="invited_by.email")

    class Meta:
        model = Invitation
        fields = ("id", "email", "role", "state", "link", "invited_by", "created_at", "expires_at", "accepted_at")
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=["open", "accepted", "revoked", "expired"]))
    def get_state(self, invitation: Invitation) -> str:
        if invitation.accepted_at:
            return "accepted"
        if invitation.revoked_at:
            return "revoked"
        return "open" if invitation.expires_at > timezone.now() else "expired"

    def get_link(self, _invitation: Invitation) -> str | None:
        link: str | None = self.context.get("link")
        return link


class OpenInvitationSerializer(serializers.ModelSerializer[Invitation]):
    """What the invited person is told before there is an account."""

    class Meta:
        model = Invitation
        fields = ("email", "role", "expires_at")
        read_only_fields = fields


class AcceptInvitationSerializer(StrictSerializer):
    """The new account's name and password."""

    name = serializers.CharField(max_length=120)
    password = serializers.CharField(max_length=256, trim_whitespace=False)


class IssueTokenSerializer(StrictSerializer):
    """A token to make."""

    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES), allow_empty=False)
    days = serializers.IntegerField(min_value=1, max_value=366, default=90)


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token in its owner's list; `secret` is there in the answer that made it and never again."""

    scopes = serializers.ListField(child=serializers.CharField())
    secret = serializers.SerializerMethodField()

    class Meta:
        model = ApiToken
        fields = ("id", "name", "prefix", "scopes", "secret", "created_at", "expires_at", "last_used_at", "revoked_at")
        read_only_fields = fields

    def get_secret(self, _token: ApiToken) -> str | None:
        secret: str | None = self.context.get("secret")
        return secret
