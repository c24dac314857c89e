"""What the settings make of the environment."""

import os
import subprocess
import sys

import pytest

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


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "banana", "PORT must be a whole number, not 'banana'"),
        ("DEBUG", "maybe", "DEBUG must be true or false, not 'maybe'"),
        ("DATABASE_URL", "banana", "DATABASE_URL must be an address such as postgres://user:password@host:5432/name"),
        ("STORAGE_URL", "s3://me:key@it", "STORAGE_URL must be an address such as s3://bucket/prefix, without keys"),
        ("EMAIL_URL", "smtp://me:pass@host:word", "EMAIL_URL must be an address such as smtp://user:password@host:587"),
    ],
)
def test_a_bad_variable_is_one_line(name: str, value: str, said: str) -> None:
    result = subprocess.run(
        [sys.executable, "manage.py", "serve"], env=os.environ | {name: value}, cwd=ROOT, capture_output=True, text=True
    )
    assert (result.returncode, result.stdout, result.stderr) == (1, "", said + "\n")
