"""Connections to PostgreSQL: their TLS, and the limits of their sessions."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import structlog
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from events.texts import Translatable, _
from services.projector.settings import MODES, TLS_NAMES, variable_name
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.hosts import LOCAL
from services.runtime.ops.tls import PemFile, client_context

log: Final = structlog.stdlib.get_logger("ecluse.database")

CONNECT_S: Final = 10.0

KEPT_ALIVE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tcp_keepalives_idle": "30",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
    }
)
"""A host that vanished is noticed after a minute, and its session ends."""

FILES: Final = tuple(name for name in TLS_NAMES if name != "sslmode")
"""Members that only a checked connection uses."""

CHECKED: Final = ("require", "verify-ca", "verify-full")
"""Modes that never go on without TLS."""

NO_MODE = _("“{mode}” is no mode of TLS: choose verify-full, or one of {modes}")
UNUSED = _("sslmode={mode} makes no use of {names}: choose verify-full, or remove them")
NEEDED = _("sslkey and sslpassword need sslcert")


def open_postgresql(
    address: URL,
    session: Mapping[str, str],
    *,
    connect_s: float = CONNECT_S,
    answer_s: float | None = None,
    **pool: Any,
) -> AsyncEngine:
    """An engine over PostgreSQL; nothing is asked yet.

    Args:
        address: where it is, with the members of TLS that PostgreSQL's own library has.
        session: settings of each session, by PostgreSQL's names.
        connect_s: how long a connection is waited for.
        answer_s: how long a statement is waited for, should the server vanish.
        pool: SQLAlchemy's arguments of the pool.

    Raises:
        ClusterError: members of TLS contradict each other, or a file is of no use.
    """
    return create_async_engine(
        address.difference_update_query((*TLS_NAMES, "ssl")),
        connect_args={
            "timeout": connect_s,
            "command_timeout": answer_s,
            "server_settings": {**KEPT_ALIVE, **session},
            **_tls(address),
        },
        **pool,
    )


def _tls(address: URL) -> dict[str, Any]:
    """The argument of asyncpg for the members of TLS of this address."""
    # `ssl` is what the mode is called by whoever writes for asyncpg.
    mode = str(address.query.get("sslmode") or address.query.get("ssl") or "")
    files = {name: str(address.query[name]) for name in FILES if name in address.query}
    if mode and mode not in MODES:
        raise _stop("sslmode", NO_MODE.render({"mode": mode, "modes": ", ".join(MODES)}))
    if mode not in CHECKED:
        if files:
            facts = {"mode": mode or "prefer", "names": ", ".join(files)}
            raise _stop("sslmode", UNUSED.render(facts))
        if not mode and (host := _elsewhere(address)):
            # By default TLS is only preferred, and whoever answers is given the password.
            log.warning(
                "database_without_required_tls",
                host=host,
                set=f"{variable_name('sslmode')}=verify-full",
            )
        return {"ssl": mode} if mode else {}
    if "sslcert" not in files and files.keys() - {"sslrootcert"}:
        raise _stop("sslcert", NEEDED)

    def file(name: str) -> PemFile | None:
        return PemFile(variable_name(name), Path(files[name])) if name in files else None

    context = client_context(
        file("sslrootcert"), file("sslcert"), file("sslkey"), files.get("sslpassword", "")
    )
    if mode != "verify-full":
        context.check_hostname = False
    if mode == "require" and "sslrootcert" not in files:
        context.verify_mode = ssl.CERT_NONE  # As PostgreSQL's own library does.
    return {"ssl": context}


def _elsewhere(address: URL) -> str | None:
    """The host, if it is of no local network: named in full, or by an address."""
    host = address.host or str(address.query.get("host", ""))
    is_name_or_socket = ("." not in host and ":" not in host) or host.startswith("/")
    return None if is_name_or_socket or host in LOCAL else host


def _stop(name: str, why: Translatable) -> ClusterError:
    return ClusterError(variable_name(name), why)
