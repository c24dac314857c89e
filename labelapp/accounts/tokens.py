"""Secrets that people carry: invitation links and API tokens. The database keeps SHA-256 digests only.

The secrets have 256 random bits, so a fast digest is right: there is nothing to guess.
"""

import hashlib
import secrets

API_TOKEN_PREFIX = "lat_"  # noqa: S105


def new_secret(prefix: str = "") -> str:
    """Return a fresh secret that fits into a URL."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Return what the database keeps of `secret`."""
    return hashlib.sha256(secret.encode()).hexdigest()
