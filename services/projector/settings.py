"""The address of the read model and its TLS, from ECLUSE_DATABASE_… or the files that hold them."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, get_args

from pydantic import SecretStr
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from events.texts import _
from services.runtime.ops.errors import Stop
from services.runtime.ops.settings import Environment, variable

DEFAULT_URL: Final = "postgresql://localhost/ecluse"

DRIVERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "postgres": "postgresql+asyncpg",
        "postgresql": "postgresql+asyncpg",
        "sqlite": "sqlite+aiosqlite",
    }
)
"""The driver of each database, where the URL names none."""

PORT_MAX: Final = 65_535

NO_ADDRESS: Final = _(
    "this cannot be read as the address of a database: write postgresql://USER@HOST:PORT/DATABASE"
    " or sqlite:///FILE (sqlite:////… for a path from the root)"
)

USER_AND_PASSWORD: Final = re.compile(r"^(\w[\w+.-]*://)?.*@", re.DOTALL)
"""Up to the last `@`: a password that was not escaped may hold others."""

SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
MODES: Final[tuple[str, ...]] = get_args(SslMode)

TLS_NAMES: Final = ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword")
"""Names of PostgreSQL's own library: members of an address, settings behind ECLUSE_DATABASE_."""


def read_address(url: str) -> URL:
    """The address of a database, as it was written.

    Raises:
        Stop: it cannot be read, or its database or driver is not one of ours.
    """
    try:
        address = make_url(url)
        is_ours = _is_ours(address)
    except (ArgumentError, ValueError):  # The second of a port that is no number.
        is_ours = False
    if not is_ours:
        # A password may be in it, and in its query.
        shown = USER_AND_PASSWORD.sub(r"\1***@", url).partition("?")[0]
        raise Stop(shown, NO_ADDRESS)
    return address


def _is_ours(address: URL) -> bool:
    """True if the address is of PostgreSQL or SQLite; ArgumentError where its driver refuses it."""
    driver = DRIVERS.get(address.drivername, address.drivername)
    if driver not in DRIVERS.values():
        return False
    dialect = address.set(drivername=driver).get_dialect()()
    dialect.create_connect_args(address)  # `sqlite://year.db`: the file would be a host.
    return (address.port or 0) <= PORT_MAX


def variable_name(name: str) -> str:
    """The variable of a member of an address."""
    return variable(f"database_{name}")


class DatabaseSettings(Environment):
    """The database of the read model; a ValidationError names the variable that is wrong."""

    database_url: SecretStr = SecretStr(DEFAULT_URL)
    """`postgresql://user:password@host/database`, or `sqlite:///path/to/file`."""

    database_sslmode: SslMode | None = None
    """TLS to PostgreSQL: `verify-full` checks certificate and host name."""

    database_sslrootcert: Path | None = None
    """PEM file of the authorities that sign the server's certificate; else the machine's own."""

    database_sslcert: Path | None = None
    """PEM file of our own certificate, for servers that ask for one."""

    database_sslkey: Path | None = None
    """PEM file of its key, if it is not in the same file."""

    database_sslpassword: SecretStr | None = None
    """The password of that key."""

    @property
    def url(self) -> str:
        """The URL, from the file or the variable, with TLS; Stop where it cannot be read."""
        return self.with_tls(self.database_url.get_secret_value())

    def with_tls(self, url: str) -> str:
        """A URL of PostgreSQL with these settings of TLS, where it has none of its own."""
        address = read_address(url)
        if not address.drivername.startswith("postgres"):
            return url
        password = self.database_sslpassword
        settings = {
            # asyncpg calls the mode `ssl`.
            "sslmode": None if "ssl" in address.query else self.database_sslmode,
            "sslrootcert": self.database_sslrootcert,
            "sslcert": self.database_sslcert,
            "sslkey": self.database_sslkey,
            "sslpassword": password and password.get_secret_value(),
        }
        members = {
            name: str(value)
            for name, value in settings.items()
            if value is not None and name not in address.query
        }
        return address.update_query_dict(members).render_as_string(hide_password=False)


def address_beside(read_model: str, file: str) -> str:
    """The address of tables that are no part of a read model: its database, or a file beside it.

    A read model in a file of SQLite may be thrown away; these may not.
    """
    url = read_address(read_model)
    if url.get_backend_name() != "sqlite" or not url.database:
        return read_model
    return f"sqlite:///{Path(url.database).parent / file}"
