from django.urls import path

from labelapp.accounts import api

urlpatterns = [
    path("me", api.MeView.as_view()),
    path("users", api.UserListView.as_view()),
    path("users/<int:user_id>", api.UserView.as_view()),
    path("invitations", api.InvitationListView.as_view()),
    path("invitations/<int:invitation_id>", api.InvitationView.as_view()),
    path("invitations/accept/<str:token>", api.AcceptInvitationView.as_view()),
    path("tokens", api.TokenListView.as_view()),
    path("tokens/<int:token_id>", api.TokenView.as_view()),
]
