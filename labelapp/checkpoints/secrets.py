"""How endpoints' API keys are kept: encrypted with a key that is derived from SECRET_KEY and stands in no table.

`SECRET_KEY_FALLBACKS` is honoured, so a rotated SECRET_KEY does not cost the stored keys.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

PURPOSE = b"labelapp.checkpoints.endpoint-api-key"


class UnreadableSecret(Exception):
    """The text was encrypted under a SECRET_KEY that this installation no longer has."""


def encrypt(text: str) -> str:
    """Return `text` encrypted, as printable characters; the same text differs from call to call."""
    return _fernet().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Return what `encrypt` was given. Raises UnreadableSecret."""
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise UnreadableSecret from error


def _fernet() -> MultiFernet:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([Fernet(_derive(str(key))) for key in keys])


def _derive(secret_key: str) -> bytes:
    """SECRET_KEY is long and random: one keyed hash separates this use of it from the others."""
    return base64.urlsafe_b64encode(hashlib.blake2b(PURPOSE, key=secret_key.encode()[:64], digest_size=32).digest())
