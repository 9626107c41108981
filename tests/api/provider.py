"""An identity provider on this machine: its keys over HTTP, and tokens of every kind, also bad."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from services.api.access.oidc.tokens import TokenRequirements
from tests.api.answering import Answer, answering
from tests.api.environment import LILLE, NOON

AUDIENCE: Final = "ecluse"
NOW_S: Final = int(NOON.timestamp())
RSA: Final = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
EC: Final = ECKey.generate_key("P-256", {"kid": "ec"})
STRANGER: Final = RSAKey.generate_key(2048, {"kid": "stranger"})
IMPOSTOR: Final = RSAKey.generate_key(2048, {"kid": "rsa"})
"""Another key under a published name."""


class Provider:
    """Publishes keys; counts how often it was asked, and can be away."""

    def __init__(self) -> None:
        self.url = ""
        self.keys: list[RSAKey | ECKey] = [RSA, EC]
        self.published: list[Any] | None = None
        """What stands in the set, if it is something else than the keys."""
        self.asked = 0
        self.away = False
        self.issuer = ""

    @property
    def now_s(self) -> int:
        """The time of the tokens."""
        return NOW_S

    @property
    def requirements(self) -> TokenRequirements:
        return TokenRequirements(self.url, AUDIENCE)

    def answer(self, path: str) -> Answer:
        """What is answered there."""
        found = self._published(path)
        return Answer(200 if found is not None else 503, json.dumps(found).encode())

    def _published(self, path: str) -> dict[str, Any] | None:
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.issuer, "jwks_uri": f"{self.url}/keys"}
        if path != "/keys" or self.away:
            return None
        self.asked += 1
        if self.published is not None:
            return {"keys": self.published}
        return dict(KeySet(list(self.keys)).as_dict(private=False))

    def claims(self, **otherwise: Any) -> dict[str, Any]:
        """What a good token says; a claim that is None is left out."""
        phrase = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "agent-7",
            "iat": self.now_s - 10,
            "exp": self.now_s + 300,
            "scope": "openid ecluse:read",
            "ecluse_entities": [LILLE],
        } | otherwise
        return {name: value for name, value in phrase.items() if value is not None}

    def token(
        self,
        key: RSAKey | ECKey = RSA,
        alg: str = "RS256",
        header: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        phrase = {"alg": alg, "kid": key.kid} | (header or {})
        phrase = {name: value for name, value in phrase.items() if value is not None}
        return jwt.encode(phrase, self.claims(**claims), key, algorithms=[alg])

    def unsigned(self) -> str:
        """`alg: none`."""
        return self.forged({"alg": "none", "kid": "rsa"}, "")

    def forged(self, header: dict[str, Any], signature: str = "AAAA") -> str:
        """A header that no library would write."""
        return ".".join([*map(_spelled, (header, self.claims())), signature])

    def signed_with_the_public_key(self) -> str:
        """HS256, its secret the public key that everybody knows (RFC 8725, 2.1)."""
        secret = OctKey.import_key(RSA.as_pem(private=False).replace(b"-----", b"====="))
        return jwt.encode({"alg": "HS256", "kid": "rsa"}, self.claims(), secret)


def _spelled(part: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@contextmanager
def a_provider(provider: Provider | None = None) -> Iterator[Provider]:
    """A provider that answers until the end of the block."""
    provider = provider or Provider()
    with answering(provider.answer) as provider.url:
        provider.issuer = provider.url
        yield provider
