"""What an identity provider publishes about itself, fetched within bounds (OpenID Discovery)."""

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from services.runtime.ops.hosts import LOCAL
from services.runtime.ops.http_fetch import body_of

FETCH_LIMIT_S: Final = 5.0
DOCUMENT_BYTES_MAX: Final = 1024 * 1024

FETCH_ERRORS: Final = (aiohttp.ClientError, TimeoutError, OSError, ValueError)
"""Errors of a provider that does not answer, or not as it must."""


def opened() -> aiohttp.ClientSession:
    """A client of the provider, which waits for its answers no longer than `FETCH_LIMIT_S`."""
    limit = aiohttp.ClientTimeout(total=FETCH_LIMIT_S)
    return aiohttp.ClientSession(timeout=limit, trust_env=True)


async def configuration_of(session: aiohttp.ClientSession, issuer: str) -> Mapping[str, Any]:
    """The provider's own document.

    Raises:
        FETCH_ERRORS: it cannot be had, or is another issuer's.
    """
    address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    found = await document(session, address)
    if found.get("issuer") != issuer:
        raise ValueError("the document is another issuer's")
    return found


async def document(session: aiohttp.ClientSession, address: str) -> Mapping[str, Any]:
    """A JSON object that is published there; no redirection leads elsewhere.

    Raises:
        FETCH_ERRORS: there is none.
    """
    return json_object(await body_of(session, address, DOCUMENT_BYTES_MAX))


def json_object(body: bytes) -> Mapping[str, Any]:
    """The JSON object that this is.

    Raises:
        ValueError: it is none.
    """
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 # what a stranger sent is no type of ours
    return found


def checked(address: object) -> str:
    """An address of the provider, which is asked over TLS; on this machine alone without.

    Raises:
        ValueError: it would not be, or is none.
    """
    text = str(address)
    parts = urlsplit(text)
    if parts.scheme != "https" and not (parts.hostname in LOCAL and parts.scheme == "http"):
        raise ValueError("an address of an identity provider begins with https://")
    return text
