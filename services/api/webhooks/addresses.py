"""Addresses that may be posted to: https of public hosts, and those that a setting names.

An address that leads into our own network would make the API ask servers that its owner cannot
reach (SSRF): what a name resolves to is checked where the connection is made, each time.
"""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

ADDRESS_MAX: Final = 2_000

UNICAST: Final = IPv6Network("2000::/3")
"""All of IPv6 that is given to hosts of the internet (RFC 4291, 2.4)."""

TRANSLATED: Final = IPv6Network("2002::/16")
"""The part of it that a network may translate into any address of IPv4 (RFC 3056)."""


class Forbidden(OSError):
    """An address that may not be posted to."""


def check_address(address: str, allowed: frozenset[str]) -> str:
    """The host of an address that may be posted to, as far as it says itself.

    Args:
        address: of the receiving application.
        allowed: hosts that may be posted to in any case, by http too.

    Raises:
        Forbidden: it is no https address of a public host, and no host that is allowed.
    """
    try:
        parts = urlsplit(address)
        host, _port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise Forbidden(address) from error
    is_plain = address.isascii() and address.isprintable() and len(address) <= ADDRESS_MAX
    if not host or not is_plain or "@" in parts.netloc or parts.fragment:
        raise Forbidden(address)
    if host in allowed and parts.scheme in {"http", "https"}:
        return host
    if parts.scheme != "https" or not _may_be_public(host):
        raise Forbidden(address)
    return host


def is_public(host: str) -> bool:
    """True of the number of a host on the internet."""
    found: IPv4Address | IPv6Address = ip_address(host.partition("%")[0])
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    if isinstance(found, IPv6Address) and (found not in UNICAST or found in TRANSLATED):
        return False
    return found.is_global and not found.is_multicast


def _may_be_public(host: str) -> bool:
    try:
        return is_public(host)
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".local", ".internal"))


class PublicResolver(AbstractResolver):
    """Resolves names to public addresses alone, unless they are allowed."""

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = allowed
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host.

        Raises:
            Forbidden: one of them is not public.
            OSError: the name is not known.
        """
        found = await self._resolver.resolve(host, port, family)
        if host.lower() not in self._allowed and not _all_public(found):
            raise Forbidden(host)
        return found

    async def close(self) -> None:
        await self._resolver.close()


def _all_public(found: Sequence[ResolveResult]) -> bool:
    return all(is_public(each["host"]) for each in found)
