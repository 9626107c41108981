"""An identity provider: its published keys, fetched, kept, and fetched anew within bounds."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from joserfc.jwk import KeySet
from joserfc.jwt import ClaimsOption

from events.texts import _
from services.api.access.caller import NOBODY, Caller
from services.api.access.oidc.discovery import (
    FETCH_ERRORS,
    checked,
    configuration_of,
    document,
    opened,
)
from services.api.access.oidc.tokens import (
    TokenRequirements,
    UnknownKey,
    caller_of,
    claims_of,
    ensure_no_id_token,
    keys_of,
)
from services.api.adapters.clock import Clock
from services.api.problems import Kind, Problem

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
        keys = await self._known_keys()
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

    async def _known_keys(self) -> KeySet:
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
                self._keys = await self._fetched()
                self._read_at = now
            except FETCH_ERRORS as error:
                log.warning("issuer_keys_not_read", error=type(error).__name__)
            return self._keys

    async def _fetched(self) -> KeySet:
        async with opened() as session:
            address = self._jwks_url
            if address is None:
                found = await configuration_of(session, self._requirements.issuer)
                address = checked(found.get("jwks_uri"))
            published = keys_of(await document(session, address))
        if published.unread:
            log.warning("issuer_keys_unread", keys=published.unread)
        return published.keys
