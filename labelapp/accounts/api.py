"""Who am I, who else is here, invitations and API tokens. Login, logout and passwords are allauth's."""

from typing import Any

from django.contrib.auth import login
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import ensure_csrf_cookie
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts import actions
from labelapp.accounts.models import ApiToken, Invitation, Role, User
from labelapp.accounts.permissions import PUBLIC
from labelapp.accounts.serializers import (
    AcceptInvitationSerializer,
    ChangeMeSerializer,
    ChangeUserSerializer,
    InvitationSerializer,
    InviteSerializer,
    IssueTokenSerializer,
    MeSerializer,
    OpenInvitationSerializer,
    TokenSerializer,
    UserQuery,
    UserSerializer,
)
from labelapp.common.errors import ErrorSerializer
from labelapp.common.requests import parsed, parsed_query
from labelapp.common.search import named

ERRORS = {400: ErrorSerializer, 404: ErrorSerializer}


class MeView(APIView):
    """The person who asks."""

    required_role = Role.LABELER

    @extend_schema(operation_id="me_read", responses={200: MeSerializer, 401: ErrorSerializer})
    @method_decorator(ensure_csrf_cookie)
    def get(self, request: Request) -> Response:
        user: Any = request.user
        return Response(MeSerializer(user).data)

    @extend_schema(operation_id="me_change", request=ChangeMeSerializer, responses={200: MeSerializer, **ERRORS})
    def patch(self, request: Request) -> Response:
        user: Any = request.user
        changes = parsed(ChangeMeSerializer, request)
        return Response(MeSerializer(actions.change_user(user, changed_by=user, **changes)).data)


class UserListView(ListAPIView[User]):
    """Everybody who has an account."""

    required_role = Role.RESEARCHER
    serializer_class = UserSerializer

    @extend_schema(
        operation_id="users_list",
        parameters=[UserQuery],
        responses={200: UserSerializer(many=True), **ERRORS},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[User]:
        wanted = parsed_query(UserQuery, self.request)
        search = wanted.pop("search", "")
        return named(User.objects.filter(**wanted), search, "name", "email").order_by("name", "email", "pk")


class UserView(APIView):
    """One person's account."""

    required_roles = {"GET": Role.RESEARCHER, "PATCH": Role.ADMIN}

    @extend_schema(operation_id="users_retrieve", responses={200: UserSerializer, 404: ErrorSerializer})
    def get(self, _request: Request, user_id: int) -> Response:
        return Response(UserSerializer(get_object_or_404(User, pk=user_id)).data)

    @extend_schema(operation_id="users_change", request=ChangeUserSerializer, responses={200: UserSerializer, **ERRORS})
    def patch(self, request: Request, user_id: int) -> Response:
        changer: Any = request.user
        user = get_object_or_404(User, pk=user_id)
        changes = parsed(ChangeUserSerializer, request)
        return Response(UserSerializer(actions.change_user(user, changed_by=changer, **changes)).data)


class InvitationListView(ListAPIView[Invitation]):
    """Invitations, newest first."""

    required_role = Role.ADMIN
    serializer_class = InvitationSerializer
    queryset = Invitation.objects.select_related("invited_by").order_by("-created_at", "-pk")

    @extend_schema(operation_id="invitations_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="invitations_create", request=InviteSerializer, responses={201: InvitationSerializer, **ERRORS}
    )
    def post(self, request: Request) -> Response:
        inviter: Any = request.user
        issued = actions.invite(inviter, **parsed(InviteSerializer, request))
        link = actions.invitation_link(issued.secret)
        return Response(InvitationSerializer(issued.row, context={"link": link}).data, status=201)


class InvitationView(APIView):
    """One invitation."""

    required_role = Role.ADMIN

    @extend_schema(operation_id="invitations_revoke", responses={204: None, 404: ErrorSerializer, 409: ErrorSerializer})
    def delete(self, _request: Request, invitation_id: int) -> Response:
        actions.revoke_invitation(get_object_or_404(Invitation, pk=invitation_id))
        return Response(status=204)


class AcceptInvitationView(APIView):
    """The invited person's page: what the link promises, and making the account."""

    required_role = PUBLIC
    authentication_classes = ()

    @extend_schema(
        operation_id="invitations_open",
        auth=[],
        responses={200: OpenInvitationSerializer, 404: ErrorSerializer, 409: ErrorSerializer},
    )
    @method_decorator(ensure_csrf_cookie)
    def get(self, _request: Request, token: str) -> Response:
        return Response(OpenInvitationSerializer(actions.open_invitation(token)).data)

    @extend_schema(
        operation_id="invitations_accept",
        auth=[],
        request=AcceptInvitationSerializer,
        responses={201: MeSerializer, **ERRORS, 409: ErrorSerializer},
    )
    def post(self, request: Request, token: str) -> Response:
        user = actions.accept_invitation(token, **parsed(AcceptInvitationSerializer, request))
        login(request._request, user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return Response(MeSerializer(user).data, status=201)


class TokenListView(APIView):
    """One's own API tokens. A token cannot make tokens: that takes a login."""

    required_role = Role.LABELER

    @extend_schema(operation_id="tokens_list", responses={200: TokenSerializer(many=True)})
    def get(self, request: Request) -> Response:
        user: Any = request.user
        return Response(TokenSerializer(user.api_tokens.order_by("-created_at", "-pk"), many=True).data)

    @extend_schema(
        operation_id="tokens_create", request=IssueTokenSerializer, responses={201: TokenSerializer, **ERRORS}
    )
    def post(self, request: Request) -> Response:
        user: Any = request.user
        if isinstance(request.auth, ApiToken):
            raise Http404
        issued = actions.issue_token(user, **parsed(IssueTokenSerializer, request))
        return Response(TokenSerializer(issued.row, context={"secret": issued.secret}).data, status=201)


class TokenView(APIView):
    """One of one's own API tokens."""

    required_role = Role.LABELER

    @extend_schema(operation_id="tokens_revoke", responses={204: None, 404: ErrorSerializer})
    def delete(self, request: Request, token_id: int) -> Response:
        user: Any = request.user
        actions.revoke_token(get_object_or_404(user.api_tokens, pk=token_id))
        return Response(status=204)
