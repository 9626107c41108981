"""Settings of the API, read once from ECLUSE_… variables.

A secret may stand in a file instead: `ECLUSE_DATABASE_URL_FILE` names one, as containers have it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from services.api.access.caller import Entities, Scope
from services.api.access.oidc.tokens import ASYMMETRIC, TokenRequirements, check_address
from services.api.code_names import OFFICIAL, Names, city_names
from services.lag.watches import watch_addresses
from services.projector.settings import DatabaseSettings
from services.runtime.ops.http import LOCAL, name_in

PREFIX: Final = "ECLUSE_"


def _apart(text: str) -> list[str]:
    return [each.strip().lower() for each in text.split(",") if each.strip()]


class ApiSettings(DatabaseSettings):
    """The settings of the API.

    Raises:
        pydantic.ValidationError: a variable holds what it cannot mean; the message names it.
    """

    access_url: SecretStr | None = None
    """Address of keys and audit; else in the same database, of SQLite in `access.db` beside it."""

    api_bind: str = "127.0.0.1"
    """Address on which the API listens: this machine alone, unless it is set."""

    api_port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """0 takes any free port."""

    api_forwarded_allow_ips: str = "127.0.0.1"
    """Whose X-Forwarded-… headers are believed: the addresses of the proxies before it."""

    api_urls: str = ""
    """By which addresses people reach it, if by others than where it listens, separated by commas:
    `https://ecluse.lille.fr`. If all are https the API takes everybody to come over TLS; with
    `ECLUSE_AUTH=off` it answers to their names too."""

    webhook_hosts: str = ""
    """Hosts that webhooks may be posted to although they are not public, by http too, separated by
    commas: `erp.mairie.lan`."""

    watch_url: str = ""
    """Address of the watch, which judges the lag: `http://watch:6066`; of several that
    share the journal all, separated by commas. Without it the page Processing says that nobody is
    asked.
    """

    names: Annotated[Names, NoDecode] = OFFICIAL
    """The city's own names of codes, as YAML: in a file, which `ECLUSE_NAMES_FILE` names."""

    auth: Literal["on", "off"] = "on"
    """`off` lets everybody do everything, and the log says so."""

    oidc_issuer: str | None = None
    """The identity provider: the address under which it publishes its document."""

    oidc_audience: str | None = None
    """Name of the API in the tokens of programs; without it none is taken."""

    oidc_client_id: str | None = None
    """Name of the console at the provider; with it people log in there."""

    oidc_client_secret: SecretStr | None = None
    """Its secret; a public client has none."""

    oidc_login_scope: str = "openid profile"
    """Scopes that a login asks for, separated by spaces."""

    oidc_roles_claim: str = "roles"
    """Claim with the roles of people, as `realm_access.roles`."""

    oidc_roles: Annotated[Mapping[str, frozenset[Scope]], NoDecode] = Field(default_factory=dict)
    """The rights of each role, as JSON: `{"ecluse-readers": ["read"]}`."""

    oidc_entities: str = ""
    """Entities of whoever has no claim with entities: SIRETs or `all`, separated by commas."""

    oidc_jwks_url: str | None = None
    """Address of its keys; else the one in the issuer's own document."""
    oidc_algorithms: str = "RS256,ES256"
    oidc_leeway_s: Annotated[int, Field(ge=0, le=300)] = 30
    oidc_scopes_claim: str = "scope"
    oidc_scope_prefix: str = "ecluse:"
    oidc_entities_claim: str = "ecluse_entities"

    @classmethod
    def with_options(cls, bind: str | None, port: int | None) -> "ApiSettings":
        """The settings, with what was said on the command line before what the environment says."""
        options = {"api_bind": bind, "api_port": port}
        given = {name: value for name, value in options.items() if value is not None}
        return cls(**given)  # type: ignore[arg-type] # by their names

    @field_validator("api_urls")
    @classmethod
    def _addresses(cls, text: str) -> str:
        for each in _apart(text):
            if not each.startswith(("https://", "http://")) or name_in(each) is None:
                raise ValueError("addresses as https://ecluse.example, separated by commas")
        return text

    @field_validator("watch_url")
    @classmethod
    def _watches(cls, text: str) -> str:
        try:
            watch_addresses(text)
        except ValueError:
            # Without the address: it may hold a password.
            raise ValueError("addresses as http://watch:6066, separated by commas") from None
        return text

    @field_validator("names", mode="before")
    @classmethod
    def _city_names(cls, value: Any) -> Any:
        return city_names(value) if isinstance(value, str) else value

    @field_validator("oidc_algorithms")
    @classmethod
    def _asymmetric(cls, algorithms: str) -> str:
        named = {each.strip() for each in algorithms.split(",")}
        if not named <= ASYMMETRIC:
            raise ValueError(f"of {', '.join(sorted(ASYMMETRIC))}, separated by commas")
        return algorithms

    @field_validator("oidc_issuer", "oidc_jwks_url")
    @classmethod
    def _check_over_tls(cls, address: str | None) -> str | None:
        if address is not None:
            check_address(address)
        return address

    @field_validator("oidc_login_scope")
    @classmethod
    def _openid(cls, scope: str) -> str:
        if "openid" not in scope.split():
            raise ValueError("openid, and others behind it")
        return scope

    @field_validator("oidc_roles", mode="before")
    @classmethod
    def _as_json(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError('JSON, as {"ecluse-readers": ["read"]}') from None

    @field_validator("oidc_entities")
    @classmethod
    def _entities(cls, text: str) -> str:
        try:
            Entities.parse(_apart(text))
        except ValueError:
            raise ValueError("SIRETs of 14 digits, or all, separated by commas") from None
        return text

    @model_validator(mode="after")
    def _issuer_and_audience(self) -> "ApiSettings":
        # Without an audience, a token that was made for any other application would pass.
        named = self.oidc_audience is not None or self.oidc_client_id is not None
        if (self.oidc_issuer is not None) is not named:
            raise ValueError("OIDC_ISSUER goes with OIDC_AUDIENCE, OIDC_CLIENT_ID or both")
        if self.oidc_client_secret is not None and self.oidc_client_id is None:
            raise ValueError("OIDC_CLIENT_SECRET goes with OIDC_CLIENT_ID")
        # Else the provider would send people back to whatever name a request gives us.
        if self.oidc_client_id is not None and not self.addresses:
            raise ValueError("OIDC_CLIENT_ID goes with API_URLS, where people reach the console")
        return self

    @property
    def hosts(self) -> frozenset[str]:
        """The names by which the API is asked."""
        text = {name_in(each) for each in _apart(self.api_urls)}
        return LOCAL | {self.api_bind.lower(), *(name for name in text if name is not None)}

    @property
    def allowed_webhook_hosts(self) -> frozenset[str]:
        """Hosts that webhooks may be posted to although they are not public."""
        return frozenset(_apart(self.webhook_hosts))

    @property
    def watches(self) -> Sequence[str]:
        return watch_addresses(self.watch_url)

    @property
    def over_tls(self) -> bool:
        """True if all of its addresses are https."""
        named = _apart(self.api_urls)
        return bool(named) and all(each.startswith("https://") for each in named)

    @property
    def access(self) -> str | None:
        """The address that was said for keys and audit, with TLS."""
        address = self.access_url
        return None if address is None else self.with_tls(address.get_secret_value())

    @property
    def requirements(self) -> TokenRequirements | None:
        """Requirements that a token must meet; None where no identity provider is set."""
        if self.oidc_issuer is None:
            return None
        return TokenRequirements(
            self.oidc_issuer,
            self.oidc_audience,
            frozenset(each.strip() for each in self.oidc_algorithms.split(",")),
            self.oidc_leeway_s,
            self.oidc_scopes_claim,
            self.oidc_scope_prefix,
            self.oidc_entities_claim,
            self.oidc_roles_claim,
            self.oidc_roles,
            Entities.parse(_apart(self.oidc_entities)),
        )

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses by which people reach it, if any are named."""
        return tuple(_apart(self.api_urls))
