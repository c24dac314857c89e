"""Where webhooks may go: an admin's mistake or malice must not reach what only this server can reach.

The name is resolved once, every address it has is checked, and the connection goes to the one that was checked: a name
that changes its address between the look and the connection gains nothing.
"""

import ipaddress
import re
import socket
from urllib.parse import urlsplit

from django.conf import settings

from labelapp.common.errors import InvalidInput

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Printable ASCII without what cannot stand in an address; a name of other letters is written in its xn-- form.
URL = re.compile(r"[!-~]+")


ALLOWING = "To allow http:// and private addresses, set WEBHOOK_PRIVATE_ADDRESSES=true on the server and the worker."


class ForbiddenAddress(Exception):
    """The receiver is where webhooks may not go."""


def checked_url(url: str) -> str:
    """Return `url`, if a webhook may have it. What its name resolves to is looked at when something is sent.

    Raises:
        InvalidInput: names the field `url`.
    """
    schemes = ("https", "http") if settings.WEBHOOK_PRIVATE_ADDRESSES else ("https",)
    try:
        parts = urlsplit(url)
        is_address = bool(URL.fullmatch(url) and parts.hostname and parts.port != 0)
    except ValueError:
        is_address = False
    if not is_address or parts.scheme not in schemes:
        beginnings = " or ".join(f"{scheme}://" for scheme in schemes)
        told = f" {ALLOWING}" if is_address and parts.scheme == "http" else ""
        raise InvalidInput(f"Enter an address that begins with {beginnings}.{told}", field="url")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise InvalidInput("Leave out the user name, the password and what comes after #.", field="url")
    host = parts.hostname or ""
    literal = _literal(host)
    is_local = host == "localhost" or host.endswith(".localhost") or (literal is not None and is_private(literal))
    if is_local and not settings.WEBHOOK_PRIVATE_ADDRESSES:
        raise InvalidInput(f"Webhooks do not go to private addresses here. {ALLOWING}", field="url")
    return url


def resolved(host: str, port: int) -> list[str]:
    """The addresses of a name, in the resolver's order. Raises OSError, and ForbiddenAddress where one is private."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(item[4][0]) for item in found))
    private = [address for address in addresses if is_private(ipaddress.ip_address(address.partition("%")[0]))]
    if private and not settings.WEBHOOK_PRIVATE_ADDRESSES:
        raise ForbiddenAddress(
            f"{host} is {private[0]}, a private address, to which webhooks do not go here. {ALLOWING}"
        )
    return addresses


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def is_private(address: Address) -> bool:
    """Whether an address is none of the public internet, also where IPv6 only wraps an IPv4 address."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_private(inner)
    return not address.is_global or address.is_multicast
