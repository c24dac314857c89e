"""What the settings make of the environment."""

import os
import subprocess
import sys

from tests.conftest import ROOT

SHOW = (
    "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'labelapp.settings'; from django.conf import settings as s; "
    "print(s.ALLOWED_HOSTS[-1], s.SECRET_KEY_FALLBACKS, s.ALLAUTH_TRUSTED_PROXY_COUNT, s.SESSION_COOKIE_SECURE)"
)


def shown(**environment: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", SHOW], env=os.environ | environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return result.stdout.strip()


def test_a_public_address_needs_no_second_variable() -> None:
    assert shown(PUBLIC_URL="https://label.example.org:8443/") == "label.example.org [] 0 True"


def test_what_stands_behind_a_proxy_and_after_a_change_of_key() -> None:
    assert shown(SECRET_KEY_FALLBACKS="old,older", TRUSTED_PROXY_COUNT="1").startswith("localhost ['old', 'older'] 1")
