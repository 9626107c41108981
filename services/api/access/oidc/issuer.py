"""The identity provider as the issuer of tokens: the documents that it publishes, and its keys.

What it publishes is fetched within bounds (OpenID Connect Discovery).
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import aiohttp
import structlog
from joserfc.jwk import KeySet
from joserfc.jwt import ClaimsOption

from events.texts import _
from services.api.access.caller import NOBODY, Caller
from services.api.access.oidc.tokens import (
    TokenRequirements,
    UnknownKey,
    caller_of,
    check_address,
    claims_of,
    ensure_no_id_token,
    keys_of,
)
from services.api.adapters.clock_and_chance import Clock
from services.api.problems import Kind, Problem
from services.runtime.ops.http import body_of

FETCH_LIMIT_S: Final = 5.0
DOCUMENT_BYTES_MAX: Final = 1024 * 1024

FETCH_ERRORS: Final = (aiohttp.ClientError, TimeoutError, OSError, ValueError)
"""Errors of a provider that does not answer, or not as it must."""


def open_client() -> aiohttp.ClientSession:
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


FRESH_FOR: Final = timedelta(minutes=10)
"""So long the keys are not asked for again."""

USED_FOR: Final = timedelta(hours=24)
"""So long they are used where the provider does not answer."""

AT_MOST_EVERY: Final = timedelta(seconds=30)
"""Whoever sends tokens of invented keys makes us ask no oftener than this."""

ISSUER_AWAY: Final = Kind(
    "issuer_unreachable",
    503,
    _("Identity provider out of reach"),
    _("The identity provider's keys could not be read: this token cannot be verified."),
    _("Try again, or take an API key; if it lasts, tell the operator."),
)

log: Final = structlog.stdlib.get_logger("ecluse.api")


class Issuer:
    """Believes tokens signed by the keys that the provider publishes at `jwks_url`.

    Without that address it is read in the provider's own document (OpenID Connect Discovery).
    """

    def __init__(self, requirements: TokenRequirements, jwks_url: str | None, clock: Clock) -> None:
        self._requirements = requirements
        self._jwks_url = jwks_url
        self._clock = clock
        self._keys: KeySet | None = None
        self._read_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._asking = asyncio.Lock()

    async def caller_of(self, token: str) -> Caller:
        """Whoever a program's token names.

        Raises:
            NotKnown: it is not to be believed.
            Problem: the keys to tell cannot be had.
        """
        assert self._requirements.audience is not None, (
            "settings demand one where programs may come"
        )
        claims = await self.claims_of(token, self._requirements.audience)
        ensure_no_id_token(claims)
        # A program has the rights that it was given, not those of whoever lets it work.
        return caller_of(claims, replace(self._requirements, roles={}, entities=NOBODY))

    async def claims_of(
        self, token: str, audience: str, **options: ClaimsOption
    ) -> Mapping[str, Any]:
        """The claims of a token that was made for this audience, and meets these options.

        Raises:
            NotKnown: it is not to be believed.
            Problem: the keys to tell cannot be had.
        """
        keys = await self._load_keys()
        try:
            return self._claims_of(token, keys, audience, options)
        except UnknownKey:
            # The provider may have changed its keys since.
            newer = await self._newer_keys(keys)
            if newer is None or newer is keys:
                raise
            return self._claims_of(token, newer, audience, options)

    def _claims_of(
        self, token: str, keys: KeySet, audience: str, options: Mapping[str, ClaimsOption]
    ) -> Mapping[str, Any]:
        now = self._clock()
        return claims_of(token, keys, self._requirements, audience, now, **options)

    async def _load_keys(self) -> KeySet:
        if self._keys is not None and self._age() < FRESH_FOR:
            return self._keys
        newer = await self._newer_keys(self._keys)
        if newer is None or self._age() > USED_FOR:
            raise Problem(ISSUER_AWAY, headers={"Retry-After": "30"})
        return newer

    def _age(self) -> timedelta:
        return timedelta.max if self._read_at is None else self._clock() - self._read_at

    async def _newer_keys(self, known: KeySet | None) -> KeySet | None:
        """The keys as they are now published; `known` where they cannot be read, or not yet."""
        async with self._asking:
            if self._keys is not known:
                return self._keys  # Somebody else has just asked.
            now = self._clock()
            if self._asked_at is not None and now - self._asked_at < AT_MOST_EVERY:
                return known
            self._asked_at = now
            try:
                self._keys = await self._fetch_keys()
                self._read_at = now
            except FETCH_ERRORS as error:
                log.warning("issuer_keys_not_read", error=type(error).__name__)
            return self._keys

    async def _fetch_keys(self) -> KeySet:
        async with open_client() as session:
            address = self._jwks_url
            if address is None:
                found = await configuration_of(session, self._requirements.issuer)
                address = check_address(found.get("jwks_uri"))
            published = keys_of(await document(session, address))
        if published.unread:
            log.warning("issuer_keys_unread", keys=published.unread)
        return published.keys
