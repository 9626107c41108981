"""Forged tokens against the running API: each is 401, in words, and none is a 5xx."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any, Final

import pytest
from joserfc.jwk import ECKey

from services.api.access.oidc.tokens import TOKEN_CHARACTERS_MAX
from services.runtime.ops.clock import wall_clock
from tests.api.provider import EC, IMPOSTOR, RSA, STRANGER, Provider
from tests.attack.target import Target

Forged = Callable[[Provider], str]
OWN: Final = ECKey.generate_key("P-256", {"kid": "own"})
HOUR_S: Final = 3600
NESTED: Final = {"alg": "RS256", "kid": "rsa", "cty": "JWT"}


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def in_s(seconds: int) -> int:
    return int(wall_clock()) + seconds


def with_kid(kid: Any) -> Forged:
    return lambda at: at.forged({"alg": "RS256", "kid": kid})


def said(**claims: Any) -> Forged:
    return lambda at: at.token(**claims)


def of_payload(payload: bytes) -> Forged:
    return lambda _at: f"{part({'alg': 'RS256', 'kid': 'rsa'})}.{part(payload)}.AAAA"


FORGED: Final[dict[str, tuple[Forged, str]]] = {
    "alg none": (lambda at: at.unsigned(), "not readable"),
    "alg None": (lambda at: at.forged({"alg": "None", "kid": "rsa"}, ""), "not readable"),
    "alg nOnE, signed": (lambda at: at.forged({"alg": "nOnE", "kid": "rsa"}), "not readable"),
    "no alg": (lambda at: at.forged({"kid": "rsa"}), "not readable"),
    "alg a list": (lambda at: at.forged({"alg": ["RS256"], "kid": "rsa"}), "not readable"),
    "alg a number": (lambda at: at.forged({"alg": 256, "kid": "rsa"}), "not readable"),
    "alg of SQL": (lambda at: at.forged({"alg": "' OR 1=1", "kid": "rsa"}), "not readable"),
    "HS256, the public key": (lambda at: at.signed_with_the_public_key(), "not readable"),
    "HS256, empty": (lambda at: at.forged({"alg": "HS256", "kid": "rsa"}, ""), "not readable"),
    "PS256, off the list": (lambda at: at.token(alg="PS256"), "not readable"),
    "ES256, an RSA kid": (lambda at: at.token(EC, "ES256", {"kid": "rsa"}), "not readable"),
    "ES256, r = s = 0": (lambda at: at.forged({"alg": "ES256", "kid": "ec"}, part(bytes(64))), ""),
    "ES256, short": (lambda at: at.forged({"alg": "ES256", "kid": "ec"}, part(b"\0")), ""),
    "RS256, zeros": (lambda at: at.forged({"alg": "RS256", "kid": "rsa"}, part(bytes(256))), ""),
    "another's key": (lambda at: at.token(STRANGER), "not published"),
    "another's key, our kid": (lambda at: at.token(IMPOSTOR), "signature"),
    "its own key in it": (
        lambda at: at.token(OWN, "ES256", {"jwk": OWN.as_dict(private=False)}),
        "not published",
    ),
    "its own key, our kid": (
        lambda at: at.token(OWN, "ES256", {"jwk": OWN.as_dict(private=False), "kid": "ec"}),
        "signature",
    ),
    "jku": (lambda at: at.token(OWN, "ES256", {"jku": at.url, "kid": "ec"}), "signature"),
    "x5u": (lambda at: at.token(OWN, "ES256", {"x5u": at.url, "kid": "ec"}), "signature"),
    "x5c": (lambda at: at.token(OWN, "ES256", {"x5c": ["MIIB"], "kid": "ec"}), ""),
    "kid a path": (with_kid("../../../../dev/null"), "not published"),
    "kid of SQL": (with_kid("x' UNION SELECT 'secret"), "not published"),
    "kid of two lines": (with_kid('rsa\n{"level":"error"}'), "not published"),
    "kid of NUL": (with_kid("rsa\0"), "not published"),
    "kid a list": (with_kid(["rsa"]), ""),
    "kid an object": (with_kid({"a": {}}), ""),
    "kid long": (with_kid("k" * 10_000), ""),
    "crit": (lambda at: at.forged({"alg": "RS256", "kid": "rsa", "crit": ["x"], "x": 1}), ""),
    "b64 false": (
        lambda at: at.forged({"alg": "RS256", "kid": "rsa", "b64": False, "crit": ["b64"]}),
        "",
    ),
    "zip": (lambda at: at.forged({"alg": "RS256", "kid": "rsa", "zip": "DEF"}), ""),
    "nested": (
        lambda at: f"{part(NESTED)}.{part(at.token().encode())}.AAAA",
        "",
    ),
    "encrypted": (lambda _at: ".".join([part({"alg": "dir", "enc": "A128GCM"}), *"abcd"]), ""),
    "expired": (said(exp=in_s(-HOUR_S)), "expired"),
    "expiry none": (said(exp=None), "exp"),
    "expiry a text": (said(exp="never"), ""),
    "expiry below 0": (said(exp=-1), "expired"),
    "expiry true": (said(exp=True), ""),
    "not yet": (said(nbf=in_s(HOUR_S)), "too early"),
    "issued later": (said(iat=in_s(HOUR_S)), "too early"),
    "another issuer": (said(iss="https://evil.example"), "iss"),
    "its issuer and more": (lambda at: at.token(iss=f"{at.url}.evil.example"), "iss"),
    "issuers": (lambda at: at.token(iss=[at.url]), ""),
    "another audience": (said(aud="intranet"), "aud"),
    "no audience": (said(aud=None), "aud"),
    "audience an object": (said(aud={"ecluse": 1}), ""),
    "no subject": (said(sub=None), "sub"),
    "entities of SQL": (said(ecluse_entities=["' OR 1=1 --"]), "SIRETs"),
    "too large": (said(pad="x" * TOKEN_CHARACTERS_MAX), "too large"),
    "no token": (lambda _at: "nothing", ""),
    "dots": (lambda _at: "." * 5000, ""),
    "two": (lambda at: ".".join(at.token().split(".")[:2]), ""),
    "no signature": (lambda at: at.token().rpartition(".")[0] + ".", ""),
    "no base64": (lambda _at: "%%%.%%%.%%%", ""),
    "payload deep": (of_payload(b"[" * 6000), ""),
    "payload a number": (of_payload(b"7"), ""),
    "payload no UTF-8": (of_payload(b"\xff\xfe"), ""),
    "header deep": (lambda _at: f"{part(b'[' * 6000)}.{part({})}.AAAA", ""),
    "header no object": (lambda _at: f"{part([])}.{part({})}.AAAA", ""),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_refused_in_words(target: Target, name: str) -> None:
    forged, phrase = FORGED[name]
    token = forged(target.provider)
    with target.client() as client:
        answer = client.get("/budgets", headers={"Authorization": f"Bearer {token}"})
    assert (401, "unauthenticated") == (answer.status_code, answer.json()["code"])
    assert phrase in answer.json()["detail"]
    assert 'Bearer error="invalid_token"' == answer.headers["www-authenticate"]
    assert token not in target.log.read_text()
    target.check_silent(answer.text)


def test_a_good_token_is_believed_and_forged_ones_have_nobody_asked(target: Target) -> None:
    with target.client() as client:
        bearer = {"Authorization": f"Bearer {target.provider.token(RSA)}"}
        assert 200 == client.get("/budgets", headers=bearer).status_code
        asked = target.provider.asked
        for number in range(20):
            kid = {"kid": f"invented-{number}"}
            bearer = {"Authorization": f"Bearer {target.provider.token(header=kid)}"}
            assert 401 == client.get("/budgets", headers=bearer).status_code
        assert target.provider.asked <= asked + 1
