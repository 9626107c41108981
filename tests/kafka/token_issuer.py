"""An issuer of access tokens on this machine: its keys, and tokens by client credentials."""

import json
import threading
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from services.dev.local_broker import HOST
from services.runtime.ops.clock import wall_clock
from tests.leaks import PASSWORD

SECRET: Final = f"{PASSWORD} of a client"
KEY: Final = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})


class Issuer:
    """Knows every client by one secret; counts the tokens that it gave to each."""

    def __init__(self) -> None:
        self.given = Counter[str]()
        self.lifetime_s = 3600
        self.audience = "kafka"
        self.url = ""

    def environment(self, client: str, secret: str = SECRET) -> dict[str, str]:
        """The variables of a principal that logs in with its tokens."""
        values = {
            "SASL_MECHANISM": "OAUTHBEARER",
            "SASL_USERNAME": "",
            "SASL_PASSWORD": "",
            "OAUTH_TOKEN_URL": f"{self.url}/token",
            "OAUTH_CLIENT_ID": client,
            "OAUTH_CLIENT_SECRET": secret,
        }
        return {f"ECLUSE_KAFKA_{name}": value for name, value in values.items()}

    def token_for(self, login: str, form: dict[str, list[str]]) -> dict[str, object] | None:
        """The answer of its token endpoint; None to a client that it does not know."""
        client, _, secret = b64decode(login.removeprefix("Basic ")).decode().partition(":")
        if secret != SECRET or form.get("grant_type") != ["client_credentials"]:
            return None
        self.given[client] += 1
        now_s = int(wall_clock())
        claims = {
            "iss": self.url,
            "aud": self.audience,
            "sub": client,
            "iat": now_s,
            "exp": now_s + self.lifetime_s,
        }
        token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, KEY)
        return {"access_token": token, "expires_in": self.lifetime_s, "token_type": "Bearer"}


@contextmanager
def issuing() -> Iterator[Issuer]:
    """An issuer that answers on this machine."""
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, dict(KeySet([KEY]).as_dict(private=False)))

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            token = issuer.token_for(self.headers["Authorization"], form)
            self._answer(401 if token is None else 200, token or {"error": "invalid_client"})

        def _answer(self, status: int, body: dict[str, object]) -> None:
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        issuer.url = f"http://{HOST}:{server.server_address[1]}"
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
