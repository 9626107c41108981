"""A real identity provider on this machine, by Authlib's server: PKCE is demanded of everybody.

It logs people in by a form, keeps a session of theirs, ends it, and says so to Écluse. By its
switches it misbehaves as providers, or those who pretend to be one, do.
"""

import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from authlib.common.security import generate_token
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, InvalidRequestError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from authlib.oidc.rpinitiated import EndSessionEndpoint
from flask import Flask, Response, jsonify, redirect, request, session
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import WSGIRequestHandler, make_server

CLIENT_ID: Final = "ecluse-console"
CLIENT_SECRET: Final = "the-console-s-secret-at-the-provider"
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
FIRST_KEY: Final = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
LOGIN_FORM: Final = """<!doctype html><html lang="en"><title>Provider</title>
<link rel="icon" href="data:,"><h1>Provider</h1>
<form method="post"><label>Name <input name="user"></label><button>Log in</button></form>"""


@dataclass
class Registered(ClientMixin):
    """Écluse, as the provider has it registered."""

    redirect_uris: list[str] = field(default_factory=list)
    logout_uris: list[str] = field(default_factory=list)
    secret: str | None = CLIENT_SECRET
    method: str = "client_secret_basic"

    @property
    def client_metadata(self) -> dict[str, Any]:
        return {"post_logout_redirect_uris": self.logout_uris}

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uris[0]

    def get_allowed_scope(self, scope: Collection[str] | str) -> str:
        return scope if isinstance(scope, str) else " ".join(scope)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return self.secret == client_secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002
        return method == ("none" if self.secret is None else self.method)

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Issued(AuthorizationCodeMixin):
    """A code, and all that it was issued for."""

    code: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str
    code_challenge_method: str
    user: "User"
    at_s: int

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.at_s

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


@dataclass
class User:
    """Somebody whom the provider knows, and the session in which they logged in."""

    name: str
    sid: str


class OnlyS256(CodeChallenge):
    """PKCE that nobody may leave out, nor weaken."""

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        if grant.request.payload.data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with S256 is demanded here.")
        super().validate_code_challenge(grant, redirect_uri)


class OidcProvider:
    """The provider, its users by their claims, and the switches by which it misbehaves."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self.url = ""
        self.clock_s = clock_s
        self.client = Registered()
        self.users: dict[str, dict[str, Any]] = {}
        self.key = FIRST_KEY
        self.published: list[Any] = [self.key]
        self.codes: dict[str, Issued] = {}
        self.ended: list[str] = []
        """The sessions that were ended here, by their `sid`."""
        self.exchanges = 0
        self.down = False
        self.denies: str | None = None
        """The error with which everybody is sent back."""
        self.claims: dict[str, Any] = {}
        """Claims of ID tokens that are otherwise than they should be; None: one is left out."""
        self.expires_s = 300
        self.announced: dict[str, Any] = {}
        """Members of its document that are otherwise than they should be."""
        self.signs = True
        self.speaks_json = True
        self.takes_codes_twice = False
        self.app = self._made()

    def rotate_key(self) -> None:
        """Sign with a new key; the old one is published no more."""
        self.key = RSAKey.generate_key(2048, {"kid": generate_token(), "use": "sig"})
        self.published = [self.key]

    def end(self, notice: str, **claims: Any) -> httpx.Response:
        """Say to Écluse, at this address, that a session has ended."""
        token = self.logout_token(**claims)
        return httpx.post(notice, data={"logout_token": token})

    def logout_token(self, **otherwise: Any) -> str:
        """A logout token; a claim that is None is left out."""
        now_s = int(self.clock_s())
        claims = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "iat": now_s,
            "exp": now_s + 120,
            "jti": generate_token(),
            "events": {LOGOUT_EVENT: {}},
        } | otherwise
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": self.key.kid, "typ": "logout+jwt"}
        return jwt.encode(header, claims, self.key)

    def configuration(self) -> dict[str, Any]:
        """The document of OpenID Connect Discovery."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "end_session_endpoint": f"{self.url}/logout",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": [self.client.method],
            "code_challenge_methods_supported": ["S256"],
        } | self.announced

    def _made(self) -> Flask:
        app = Flask("provider")
        app.secret_key = generate_token()
        app.config["SESSION_COOKIE_NAME"] = "provider_session"
        server = AuthorizationServer(
            app,
            query_client=lambda name: self.client if name == CLIENT_ID else None,
            save_token=lambda _token, _request: None,
        )
        server.register_grant(_grant_of(self), [_id_tokens_of(self), OnlyS256(required=True)])
        server.register_endpoint(_end_session_of(self))
        app.before_request(self._is_down)
        app.add_url_rule(
            "/.well-known/openid-configuration", view_func=lambda: jsonify(self.configuration())
        )
        app.add_url_rule("/keys", "keys", lambda: jsonify(_published(self.published)))
        app.add_url_rule(
            "/authorize", "authorize", lambda: self._authorize(server), methods=["GET", "POST"]
        )
        app.add_url_rule("/token", "token", lambda: self._token(server), methods=["POST"])
        app.add_url_rule(
            "/logout",
            "logout",
            lambda: server.create_endpoint_response("end_session") or "Logged out",
        )
        return app

    def _is_down(self) -> Response | None:
        return Response("away", 503) if self.down else None

    def _authorize(self, server: AuthorizationServer) -> Any:
        if request.method == "POST":
            session["user"], session["sid"] = request.form["user"], generate_token()
            return redirect(request.full_path)
        if session.get("user") not in self.users:
            return LOGIN_FORM
        user = User(session["user"], session["sid"])
        try:
            grant = server.get_consent_grant(end_user=user)
        except OAuth2Error as error:
            return Response(f"{error.error}: {error.description}", 400)
        if self.denies is not None:
            back, state = grant.redirect_uri, request.args["state"]
            return redirect(f"{back}?error={self.denies}&state={state}")
        return server.create_authorization_response(grant_user=user, grant=grant)

    def _token(self, server: AuthorizationServer) -> Any:
        self.exchanges += 1
        return server.create_token_response() if self.speaks_json else "Welcome"


def _published(keys: list[Any]) -> dict[str, Any]:
    return {
        "keys": [each if isinstance(each, dict) else each.as_dict(private=False) for each in keys]
    }


def _grant_of(provider: OidcProvider) -> type[AuthorizationCodeGrant]:
    class Grant(AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")

        def save_authorization_code(self, code: str, asked: Any) -> None:
            data = asked.payload.data
            provider.codes[code] = Issued(
                code,
                asked.payload.redirect_uri,
                asked.payload.scope,
                data.get("nonce"),
                data["code_challenge"],
                data["code_challenge_method"],
                asked.user,
                int(provider.clock_s()),
            )

        def query_authorization_code(self, code: str, _client: Any) -> Issued | None:
            return provider.codes.get(code)

        def delete_authorization_code(self, issued: Issued) -> None:
            if not provider.takes_codes_twice:
                del provider.codes[issued.code]

        def authenticate_user(self, issued: Issued) -> User:
            return issued.user

    return Grant


def _id_tokens_of(provider: OidcProvider) -> OpenIDCode:
    class IdTokens(OpenIDCode):
        def exists_nonce(self, _nonce: str, _request: Any) -> bool:
            return False

        def resolve_client_private_key(self, _client: Any) -> RSAKey:
            return provider.key

        def get_encode_header(self, _client: Any) -> dict[str, str]:
            return {"alg": "RS256", "kid": str(provider.key.kid)}

        def get_client_claims(self, _client: Any) -> dict[str, Any]:
            now_s = int(provider.clock_s())
            return {"iss": provider.url, "iat": now_s, "exp": now_s + provider.expires_s}

        def generate_user_info(self, user: User, _scope: str) -> UserInfo:
            known = provider.users[user.name]
            return UserInfo(**{"sub": user.name, "sid": user.sid} | known | provider.claims)

        def encode_id_token(self, token: Any, asked: Any) -> str:
            whole = str(super().encode_id_token(token, asked))
            left = jwt.decode(whole, provider.key).claims
            left = {name: value for name, value in left.items() if value is not None}
            if not provider.signs:
                parts = ({"alg": "none", "kid": provider.key.kid}, left)
                spelled = (urlsafe_b64encode(json.dumps(each).encode()) for each in parts)
                return ".".join([each.rstrip(b"=").decode() for each in spelled] + [""])
            return jwt.encode(self.get_encode_header(None), left, provider.key)

    return IdTokens(require_nonce=True)


def _end_session_of(provider: OidcProvider) -> type[EndSessionEndpoint]:
    class EndSession(EndSessionEndpoint):
        def get_server_jwks(self) -> KeySet:
            return KeySet([provider.key])

        def end_session(self, asked: Any) -> None:
            assert asked.id_token_claims is not None, "Écluse says whose session it is"
            provider.ended.append(asked.id_token_claims["sid"])
            session.clear()

    return EndSession


class Silent(WSGIRequestHandler):
    """Writes no log of its own: what is logged is Écluse's."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@contextmanager
def a_provider_of_people(clock_s: Callable[[], float]) -> Iterator[OidcProvider]:
    """A provider that answers until the end of the block."""
    provider = OidcProvider(clock_s)
    server = make_server("127.0.0.1", 0, provider.app, threaded=True, request_handler=Silent)
    # By another name than Écluse's: for a browser these are two sites.
    provider.url = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
