"""Tokens of an identity provider: what one must say to be believed. Pure.

The algorithm is ours to choose, never the token's: an allow-list of asymmetric ones, so that
neither `none` nor HS256 with the public key for a secret can pass (RFC 8725, 2.1 and 3.1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import (
    BadSignatureError,
    ExpiredTokenError,
    InvalidClaimError,
    InvalidKeyIdError,
    JoseError,
    MissingClaimError,
)
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from events.texts import Translatable, _
from services.api.access.caller import Caller, Entities, NotKnown, Scope

ASYMMETRIC: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
TOKEN_CHARACTERS_MAX: Final = 16 * 1024
SUBJECT_MAX: Final = 100
DIGEST_DIGITS: Final = 16

KEY_TYPES: Final = frozenset({"RSA", "EC", "OKP"})
"""Of a published set, the keys that may sign: a secret in it would be everybody's."""


@dataclass(frozen=True, slots=True)
class Demands:
    """Demands on a token."""

    issuer: str
    audience: str
    algorithms: frozenset[str] = frozenset({"RS256", "ES256"})
    leeway_s: int = 30
    """Difference between clocks that is allowed."""
    scopes_claim: str = "scope"
    """Claim with the rights: separated by spaces, or a list."""
    scope_prefix: str = "ecluse:"
    """Prefix of our rights among those of other applications."""
    entities_claim: str = "ecluse_entities"
    """Claim with the entities: SIRETs or "all", separated by spaces, or a list."""


class UnknownKey(NotKnown):
    """The token names a key that the provider has not published, or not yet."""


def keys_of(document: Mapping[str, Any]) -> KeySet:
    """The keys of a published set (JWKS) that may sign.

    Raises:
        ValueError: there is none, or it is no such set.
    """
    published = document.get("keys")
    listed = published if isinstance(published, list) else []
    fit = [each for each in listed if isinstance(each, dict) and _may_sign(each)]
    try:
        return KeySet.import_key_set({"keys": fit})
    except (JoseError, KeyError, TypeError) as error:
        raise ValueError(str(error)) from error


def _may_sign(key: Mapping[str, Any]) -> bool:
    return key.get("kty") in KEY_TYPES and key.get("use", "sig") == "sig"


def caller_of(token: str, keys: KeySet, demands: Demands, now: datetime) -> Caller:
    """Whoever the token names, with what it allows.

    Raises:
        UnknownKey: it names a key that is not among these.
        NotKnown: it says otherwise than it must.
    """
    if len(token) > TOKEN_CHARACTERS_MAX:
        raise _refused("token_too_large", _("the token is too large"))
    try:
        claims = jwt.decode(token, keys, algorithms=sorted(demands.algorithms)).claims
        JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=demands.leeway_s,
            iss={"essential": True, "value": demands.issuer},
            aud={"essential": True, "value": demands.audience},
            exp={"essential": True},
            sub={"essential": True},
        ).validate(claims)
    except InvalidKeyIdError as error:
        claim = _("The key that signs this token is not published.")
        raise UnknownKey("token_key_unknown", claim) from error
    except (JoseError, ValueError, TypeError) as error:
        raise _why(error) from error
    rights = _rights(claims, demands)
    subject = _named(str(claims["sub"]))
    return Caller(f"oidc:{subject}", rights, subject)


def _named(subject: str) -> str:
    """The subject as logs and the audit call it; one that is cut is distinct from others."""
    shown = "".join(each for each in subject if each.isprintable())
    if shown == subject and len(shown) <= SUBJECT_MAX:
        return shown
    digest = sha256(subject.encode("utf-8", "replace")).hexdigest()[:DIGEST_DIGITS]
    return f"{shown[: SUBJECT_MAX - DIGEST_DIGITS - 1]}~{digest}"


def _why(error: Exception) -> NotKnown:
    match error:
        case ExpiredTokenError():
            return _refused("token_expired", _("the token has expired"))
        case BadSignatureError():
            return _refused("token_signature", _("its signature is not right"))
        case InvalidClaimError(claim="nbf" | "iat"):
            return _refused("token_not_yet", _("it is too early"))
        case InvalidClaimError() | MissingClaimError():
            name = error.claim if error.claim.isidentifier() else "…"
            return _refused(
                f"token_claim_{name}",
                _("it does not say what it must under “{name}”").render({"name": name}),
            )
        case _:
            return _refused(
                "token_unreadable",
                _("it is not readable, or of an algorithm that is not allowed"),
            )


def _refused(reason: str, why: Translatable) -> NotKnown:
    return NotKnown(reason, _("Token refused: {why}.").render({"why": why}))


def _rights(claims: Mapping[str, Any], demands: Demands) -> dict[Scope, Entities]:
    """The rights that a token gives; a word that is none of ours gives nothing."""
    names = _texts(claims.get(demands.scopes_claim))
    given = {
        name.removeprefix(demands.scope_prefix)
        for name in names
        if name.startswith(demands.scope_prefix)
    }
    try:
        entities = Entities.of(_texts(claims.get(demands.entities_claim)))
    except ValueError as error:
        raise _refused(
            "token_entities",
            _("“{claim}” holds other things than SIRETs").render({"claim": demands.entities_claim}),
        ) from error
    return {scope: entities for scope in Scope if scope.value in given and entities}


def _texts(claim: Any) -> list[str]:
    if isinstance(claim, str):
        return claim.split()
    if isinstance(claim, list):
        return [name for name in claim if isinstance(name, str)]
    return []
