"""How secrets that must be read again are kept: encrypted with a key that is derived from SECRET_KEY and in no table.

`SECRET_KEY_FALLBACKS` is honoured, so a rotated SECRET_KEY does not cost the stored keys.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

# Each purpose has a key of its own: what was encrypted for one cannot be put into another's column and read there.
ENDPOINT_API_KEY = b"labelapp.checkpoints.endpoint-api-key"
WEBHOOK_SECRET = b"labelapp.webhooks.secret"


class UnreadableSecret(Exception):
    """The text was encrypted under a SECRET_KEY that this installation no longer has."""


def encrypt(text: str, *, purpose: bytes) -> str:
    """Return `text` encrypted, as printable characters; the same text differs from call to call."""
    return _fernet(purpose).encrypt(text.encode()).decode()


def decrypt(token: str, *, purpose: bytes) -> str:
    """Return what `encrypt` was given. Raises UnreadableSecret."""
    try:
        return _fernet(purpose).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise UnreadableSecret from error


def _fernet(purpose: bytes) -> MultiFernet:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([Fernet(_derive(str(key), purpose)) for key in keys])


def _derive(secret_key: str, purpose: bytes) -> bytes:
    """SECRET_KEY is long and random: one keyed hash separates this use of it from the others."""
    return base64.urlsafe_b64encode(hashlib.blake2b(purpose, key=secret_key.encode()[:64], digest_size=32).digest())
