"""Tokens of an identity provider: what one must say to be believed. Pure.

The algorithm is ours to choose, never the token's: an allow-list of asymmetric ones, so that
neither `none` nor HS256 with the public key for a secret can pass (RFC 8725, 2.1 and 3.1).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import (
    BadSignatureError,
    ExpiredTokenError,
    InvalidClaimError,
    InvalidKeyIdError,
    JoseError,
    MissingClaimError,
)
from joserfc.jwk import JWKRegistry, Key, KeySet
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry

from events.texts import Translatable, _
from services.api.access.caller import NOBODY, Caller, Entities, NotKnown, Scope
from services.api.access.keys import digest_of
from services.runtime.ops.http import LOCAL

ASYMMETRIC: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
TOKEN_CHARACTERS_MAX: Final = 16 * 1024
SUBJECT_MAX: Final = 100
DIGEST_DIGITS: Final = 16
ESSENTIAL: Final[ClaimsOption] = {"essential": True}

KEY_TYPES: Final = frozenset({"RSA", "EC", "OKP"})
"""Of a published set, the keys that may sign: a secret in it would be everybody's."""


def check_address(address: object) -> str:
    """An address of the provider, which is asked over TLS; on this machine alone without.

    Raises:
        ValueError: it would not be, or is none.
    """
    text = str(address)
    parts = urlsplit(text)
    if parts.scheme != "https" and not (parts.hostname in LOCAL and parts.scheme == "http"):
        raise ValueError("an address of an identity provider begins with https://")
    return text


@dataclass(frozen=True, slots=True)
class TokenRequirements:
    """Requirements that a token must meet."""

    issuer: str
    audience: str | None
    """Name of the API in the tokens of programs; None: it takes none. ID tokens carry another."""
    algorithms: frozenset[str] = frozenset({"RS256", "ES256"})
    leeway_s: int = 30
    """Difference between clocks that is allowed."""
    scopes_claim: str = "scope"
    """Claim with the rights: separated by spaces, or a list."""
    scope_prefix: str = "ecluse:"
    """Prefix of our rights among those of other applications."""
    entities_claim: str = "ecluse_entities"
    """Claim with the entities: SIRETs or "all", separated by spaces, or a list."""
    roles_claim: str = "roles"
    """Claim with the roles; `realm_access.roles` stands for a member of a member."""
    roles: Mapping[str, frozenset[Scope]] = field(default_factory=dict)
    """The rights that each role gives."""
    entities: Entities = NOBODY
    """The entities of whoever has no such claim."""

    def digest(self, client_id: str) -> str:
        """Digest of the settings under which people of this client have their rights."""
        return digest_of(json.dumps([client_id, asdict(self)], default=sorted, sort_keys=True))


NAME_CLAIMS: Final = ("name", "preferred_username")
"""Claims that name a person to people."""


class UnknownKey(NotKnown):
    """The token names a key that the provider has not published, or not yet."""


class PublishedKeys(NamedTuple):
    """The keys of a published set (JWKS)."""

    keys: KeySet
    """Those that may sign, and that we can read."""
    unread: int
    """The number of those that may sign, and that we cannot read."""


def keys_of(document: Mapping[str, Any]) -> PublishedKeys:
    """The keys of a published set that may sign.

    Each is read by itself: one that is odd, or of an algorithm to come, hides no other
    (RFC 7517, 5).

    Raises:
        ValueError: there is none, or it is no such set.
    """
    published = document.get("keys")
    listed = published if isinstance(published, list) else []
    read: list[Key] = []
    unread = 0
    for each in listed:
        if isinstance(each, dict) and each.get("use", "sig") != "sig":
            continue
        try:
            read.append(_key_of(each))
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            unread += 1
    if not read:
        raise ValueError("no key that may sign")
    return PublishedKeys(KeySet(read), unread)


def _key_of(published: Any) -> Key:
    """A key of a set.

    Raises:
        JoseError, ValueError, TypeError, KeyError, AttributeError: it is not readable.
    """
    if published["kty"] not in KEY_TYPES:
        raise ValueError("of another type")
    alg = published.get("alg")
    if alg is not None and alg not in ASYMMETRIC:
        raise ValueError("for another algorithm")
    key = JWKRegistry.import_key(published)
    key.public_key  # noqa: B018 # now, not at the first token
    return key


def claims_of(
    token: str,
    keys: KeySet,
    requirements: TokenRequirements,
    audience: str,
    now: datetime,
    **options: ClaimsOption,
) -> Mapping[str, Any]:
    """The claims of a token that was made for this audience, and meets these options.

    Raises:
        UnknownKey: it names a key that is not among these.
        NotKnown: it says otherwise than it must.
    """
    if len(token) > TOKEN_CHARACTERS_MAX:
        raise refuse_token("token_too_large", _("the token is too large"))
    try:
        claims = jwt.decode(token, keys, algorithms=sorted(requirements.algorithms)).claims
        JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=requirements.leeway_s,
            iss={"essential": True, "value": requirements.issuer},
            aud={"essential": True, "value": audience},
            **({"exp": ESSENTIAL} | options),
        ).validate(claims)
    except InvalidKeyIdError as error:
        claim = _("The key that signs this token is not published.")
        raise UnknownKey("token_key_unknown", claim) from error
    except (JoseError, ValueError, TypeError) as error:
        raise _why(error) from error
    return claims


def caller_of(claims: Mapping[str, Any], requirements: TokenRequirements) -> Caller:
    """Whoever a token of these claims names, with what it allows.

    Raises:
        NotKnown: it names nobody, or no entities.
    """
    subject = subject_label(subject_of(claims))
    label = next(filter(None, (text_of(claims.get(name)) for name in NAME_CLAIMS)), subject)
    return Caller(f"oidc:{subject}", _rights(claims, requirements), subject_label(label))


def ensure_no_id_token(claims: Mapping[str, Any]) -> None:
    """Check that a program's token is no ID token, which may have the same audience.

    Of a login of ours each carries our `nonce`. Access tokens of Keycloak before its version 25 do
    too, but say what they are.

    Raises:
        NotKnown: it is one.
    """
    if ("nonce" in claims or "at_hash" in claims) and claims.get("typ") != "Bearer":
        raise refuse_token("token_is_id_token", _("it is an ID token, and those open no address"))


def subject_of(claims: Mapping[str, Any]) -> str:
    """The subject of a token, as the provider writes it.

    Raises:
        NotKnown: it has none.
    """
    subject = text_of(claims.get("sub"))
    if not subject:
        raise wrong_claim("sub")
    return subject


def text_of(claim: Any) -> str:
    """A claim that is a text; any other is empty."""
    return claim if isinstance(claim, str) else ""


def subject_label(subject: str) -> str:
    """The subject as logs and the audit call it; one that is cut is distinct from others."""
    shown = "".join(each for each in subject if each.isprintable())
    if shown == subject and len(shown) <= SUBJECT_MAX:
        return shown
    digest = sha256(subject.encode("utf-8", "replace")).hexdigest()[:DIGEST_DIGITS]
    return f"{shown[: SUBJECT_MAX - DIGEST_DIGITS - 1]}~{digest}"


def _why(error: Exception) -> NotKnown:
    match error:
        case ExpiredTokenError():
            return refuse_token("token_expired", _("the token has expired"))
        case BadSignatureError():
            return refuse_token("token_signature", _("its signature is not right"))
        case InvalidClaimError(claim="nbf" | "iat"):
            return refuse_token("token_not_yet", _("it is too early"))
        case InvalidClaimError() | MissingClaimError():
            return wrong_claim(error.claim if error.claim.isidentifier() else "…")
        case _:
            return refuse_token(
                "token_unreadable",
                _("it is not readable, or of an algorithm that is not allowed"),
            )


def wrong_claim(name: str) -> NotKnown:
    """The error of a token of which one claim is missing, or another than it must be."""
    return refuse_token(
        f"token_claim_{name}",
        _("it does not say what it must under “{name}”").render({"name": name}),
    )


def refuse_token(reason: str, why: Translatable) -> NotKnown:
    """The error of a token that is not believed."""
    return NotKnown(reason, _("Token refused: {why}.").render({"why": why}))


def _rights(claims: Mapping[str, Any], requirements: TokenRequirements) -> dict[Scope, Entities]:
    """The rights that a token gives, by scopes and by roles; other words give nothing."""
    given = {
        name.removeprefix(requirements.scope_prefix)
        for name in _texts(_claim(claims, requirements.scopes_claim))
        if name.startswith(requirements.scope_prefix)
    }
    for role in _texts(_claim(claims, requirements.roles_claim)):
        given.update(scope.value for scope in requirements.roles.get(role, ()))
    published = _claim(claims, requirements.entities_claim)
    try:
        entities = requirements.entities if published is None else Entities.parse(_texts(published))
    except ValueError as error:
        raise refuse_token(
            "token_entities",
            _("“{claim}” holds other things than SIRETs").render(
                {"claim": requirements.entities_claim}
            ),
        ) from error
    return {scope: entities for scope in Scope if scope.value in given and entities}


def _claim(claims: Mapping[str, Any], path: str) -> Any:
    """The claim of this name, else the member that its parts lead to; None where there is none."""
    if path in claims:  # As https://lille.fr/roles, which has dots too.
        return claims[path]
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _texts(claim: Any) -> list[str]:
    if isinstance(claim, str):
        return claim.split()
    if isinstance(claim, list):
        return [name for name in claim if isinstance(name, str)]
    return []
