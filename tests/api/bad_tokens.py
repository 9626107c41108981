"""Tokens that open nothing, by their names: how each is made, and the reason of its refusal."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any, Final

from joserfc.jwk import ECKey

from services.api.access.oidc.tokens import TOKEN_CHARACTERS_MAX
from tests.api.provider import EC, IMPOSTOR, STRANGER, Provider

Token = Callable[[Provider], str]
OWN: Final = ECKey.generate_key("P-256", {"kid": "own"})
PUBLIC: Final = OWN.as_dict(private=False)
EVIL: Final = "https://evil.example/keys"
HOUR_S: Final = 3600

UNREADABLE: Final = "token_unreadable"
UNPUBLISHED: Final = "token_key_unknown"
SIGNATURE: Final = "token_signature"
PHRASES: Final = {
    "token_expired": "expired",
    "token_claim_exp": "“exp”",
    "token_claim_aud": "“aud”",
    "token_claim_iss": "“iss”",
    "token_claim_sub": "“sub”",
    "token_not_yet": "too early",
    UNREADABLE: "not readable",
    UNPUBLISHED: "not published",
    SIGNATURE: "signature",
    "token_too_large": "too large",
    "token_entities": "SIRETs",
    "token_is_id_token": "ID token",
}
"""What people read for each reason, in English."""


def _part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _headed(signature: str = "AAAA", **header: Any) -> Token:
    """With a header that no library would write."""
    return lambda at: at.forged(header, signature)


def _with_kid(kid: Any) -> Token:
    return _headed(alg="RS256", kid=kid)


def _of_its_own_key(**header: Any) -> Token:
    """Signed by a key of the sender, who says in the header where to find it."""
    return lambda at: at.token(OWN, "ES256", header)


def _says(**claims: Any) -> Token:
    return lambda at: at.token(**claims)


def _later(claim: str, seconds: int) -> Token:
    """With a time that is so much later than now."""
    return lambda at: at.token(**{claim: at.now_s + seconds})  # type: ignore[arg-type] # a claim


def _of_payload(payload: bytes) -> Token:
    return lambda _at: f"{_part({'alg': 'RS256', 'kid': 'rsa'})}.{_part(payload)}.AAAA"


def _changed(token: str) -> str:
    head, body, signature = token.split(".")
    return ".".join([head, body, ("A" if signature[0] != "A" else "B") + signature[1:]])


NESTED: Final = {"alg": "RS256", "kid": "rsa", "cty": "JWT"}
BAD: Final[dict[str, tuple[Token, str]]] = {
    "alg none": (lambda at: at.unsigned(), UNREADABLE),
    "alg None": (_headed("", alg="None", kid="rsa"), UNREADABLE),
    "alg nOnE, signed": (_headed(alg="nOnE", kid="rsa"), UNREADABLE),
    "no alg": (_headed(kid="rsa"), UNREADABLE),
    "alg a list": (_headed(alg=["RS256"], kid="rsa"), UNREADABLE),
    "alg a number": (_headed(alg=256, kid="rsa"), UNREADABLE),
    "alg of SQL": (_headed(alg="' OR 1=1", kid="rsa"), UNREADABLE),
    "HS256, the public key": (lambda at: at.signed_with_the_public_key(), UNREADABLE),
    "HS256, empty": (_headed("", alg="HS256", kid="rsa"), UNREADABLE),
    "PS256, off the list": (lambda at: at.token(alg="PS256"), UNREADABLE),
    "ES256, an RSA kid": (lambda at: at.token(EC, "ES256", {"kid": "rsa"}), UNREADABLE),
    "ES256, r = s = 0": (_headed(_part(bytes(64)), alg="ES256", kid="ec"), SIGNATURE),
    "ES256, short": (_headed(_part(b"\0"), alg="ES256", kid="ec"), SIGNATURE),
    "RS256, zeros": (_headed(_part(bytes(256)), alg="RS256", kid="rsa"), SIGNATURE),
    "changed on the way": (lambda at: _changed(at.token()), SIGNATURE),
    "another's key": (lambda at: at.token(STRANGER), UNPUBLISHED),
    "another's key, our kid": (lambda at: at.token(IMPOSTOR), SIGNATURE),
    "jwk": (_of_its_own_key(jwk=PUBLIC), UNPUBLISHED),
    "jwk, no kid": (_of_its_own_key(jwk=PUBLIC, kid=None), UNPUBLISHED),
    "jwk, our kid": (_of_its_own_key(jwk=PUBLIC, kid="ec"), SIGNATURE),
    "jku": (_of_its_own_key(jku=EVIL), UNPUBLISHED),
    "jku, our kid": (_of_its_own_key(jku=EVIL, kid="ec"), SIGNATURE),
    "jku, our address": (
        lambda at: at.token(OWN, "ES256", {"jku": at.url, "kid": "ec"}),
        SIGNATURE,
    ),
    "x5u, our kid": (_of_its_own_key(x5u=EVIL, kid="ec"), SIGNATURE),
    "x5c": (_of_its_own_key(x5c=["MIIB"], kid="ec"), SIGNATURE),
    "no kid, of several keys": (lambda at: at.token(header={"kid": None}), UNPUBLISHED),
    "kid empty": (lambda at: at.token(header={"kid": ""}), UNPUBLISHED),
    "kid a path": (_with_kid("../../../../dev/null"), UNPUBLISHED),
    "kid of SQL": (_with_kid("x' UNION SELECT 'secret"), UNPUBLISHED),
    "kid of two lines": (_with_kid('rsa\n{"level":"error"}'), UNPUBLISHED),
    "kid of NUL": (_with_kid("rsa\0"), UNPUBLISHED),
    "kid a number": (_with_kid(7), UNREADABLE),
    "kid a list": (_with_kid(["rsa"]), UNREADABLE),
    "kid an object": (_with_kid({"a": {}}), UNREADABLE),
    "kid long": (_with_kid("k" * 10_000), UNREADABLE),
    "crit": (_headed(alg="RS256", kid="rsa", crit=["x"], x=1), UNREADABLE),
    "b64 false": (_headed(alg="RS256", kid="rsa", b64=False, crit=["b64"]), SIGNATURE),
    "zip": (_headed(alg="RS256", kid="rsa", zip="DEF"), UNREADABLE),
    "nested": (lambda at: f"{_part(NESTED)}.{_part(at.token().encode())}.AAAA", SIGNATURE),
    "encrypted": (
        lambda _at: ".".join([_part({"alg": "dir", "enc": "A128GCM"}), *"abcd"]),
        UNREADABLE,
    ),
    "expired": (_later("exp", -HOUR_S), "token_expired"),
    "expiry none": (_says(exp=None), "token_claim_exp"),
    "expiry a text": (_says(exp="never"), "token_claim_exp"),
    "expiry below 0": (_says(exp=-1), "token_expired"),
    "expiry true": (_says(exp=True), "token_claim_exp"),
    "not yet": (_later("nbf", HOUR_S), "token_not_yet"),
    "issued later": (_later("iat", HOUR_S), "token_not_yet"),
    "another issuer": (_says(iss="https://evil.example"), "token_claim_iss"),
    "its issuer and more": (lambda at: at.token(iss=f"{at.url}.evil.example"), "token_claim_iss"),
    "issuers": (lambda at: at.token(iss=[at.url]), "token_claim_iss"),
    "another audience": (_says(aud="intranet"), "token_claim_aud"),
    "other audiences": (_says(aud=["intranet", "mail"]), "token_claim_aud"),
    "no audience": (_says(aud=None), "token_claim_aud"),
    "audience an object": (_says(aud={"ecluse": 1}), "token_claim_aud"),
    "no subject": (_says(sub=None), "token_claim_sub"),
    "entities of SQL": (_says(ecluse_entities=["' OR 1=1 --"]), "token_entities"),
    "entities that are none": (_says(ecluse_entities=["LILLE"]), "token_entities"),
    "an ID token": (_says(nonce="n"), "token_is_id_token"),
    "an ID token, refreshed": (_says(at_hash="h", typ="ID"), "token_is_id_token"),
    "too large": (_says(pad="x" * TOKEN_CHARACTERS_MAX), "token_too_large"),
    "no token": (lambda _at: "nothing", UNREADABLE),
    "empty parts": (lambda _at: "..", UNREADABLE),
    "dots": (lambda _at: "." * 5000, UNREADABLE),
    "two": (lambda at: ".".join(at.token().split(".")[:2]), UNREADABLE),
    "no signature": (lambda at: at.token().rpartition(".")[0] + ".", SIGNATURE),
    "no base64": (lambda _at: "%%%.%%%.%%%", UNREADABLE),
    "payload deep": (_of_payload(b"[" * 6000), SIGNATURE),
    "payload a number": (_of_payload(b"7"), SIGNATURE),
    "payload no UTF-8": (_of_payload(b"\xff\xfe"), SIGNATURE),
    "header deep": (lambda _at: f"{_part(b'[' * 6000)}.{_part({})}.AAAA", UNREADABLE),
    "header no object": (lambda _at: f"{_part([])}.{_part({})}.AAAA", UNREADABLE),
}
