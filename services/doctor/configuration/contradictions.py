"""Settings that contradict each other: a table of rules. Pure."""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from events.texts import Translatable, _
from services.api.settings import ApiSettings
from services.projector.database_errors import LIMIT_S
from services.projector.settings import TLS_NAMES, variable_name
from services.runtime.ops.hosts import LOCAL
from services.runtime.ops.settings import Settings
from services.treasury.settings import TreasurySettings
from services.watch.settings import WatchSettings

KAFKA_NAME: Final = re.compile(r"^[A-Za-z0-9._-]{0,200}$")
"""A prefix of names of topics: Kafka takes 249 characters, and ours are shorter than 49."""

HOST_NAME: Final = re.compile(r"^[A-Za-z0-9.-]+$")


class Read(NamedTuple):
    """The settings of all roles, as one environment has them."""

    kafka: Settings
    api: ApiSettings
    treasury: TreasurySettings
    watch: WatchSettings


class Rule(NamedTuple):
    """Settings that may not be so together, and why."""

    names: tuple[str, ...]
    holds: Callable[[Read], bool]
    """True where they contradict each other."""
    text: Translatable


def _unused_tls(read: Read) -> bool:
    sqlite = read.api.database_url.get_secret_value().startswith("sqlite")
    return sqlite and any(getattr(read.api, f"database_{name}") is not None for name in TLS_NAMES)


def _open_to_others(read: Read) -> bool:
    return read.api.auth == "off" and read.api.api_bind.lower() not in LOCAL


TABLE: Final = (
    Rule(
        ("ECLUSE_STALL_S", "ECLUSE_TRANSACTION_TIMEOUT_S"),
        lambda read: read.kafka.stall_s <= read.kafka.transaction_timeout_s,
        _("the watchdog would end a process that waits for its transaction: set the first higher"),
    ),
    Rule(
        ("ECLUSE_STALL_S",),
        lambda read: read.kafka.stall_s <= LIMIT_S,
        _(
            "the watchdog would end a process that waits for the database, which may take a"
            " minute: set more than 60"
        ),
    ),
    Rule(
        ("ECLUSE_GIVE_UP_S", "ECLUSE_TRANSACTION_TIMEOUT_S"),
        lambda read: read.kafka.give_up_s <= read.kafka.transaction_timeout_s,
        _(
            "a worker would give up before the broker has ended the transaction of the one before"
            " it: set the first higher"
        ),
    ),
    Rule(
        ("ECLUSE_GIVE_UP_S", "ECLUSE_SESSION_TIMEOUT_S"),
        lambda read: read.kafka.give_up_s <= read.kafka.session_timeout_s,
        _(
            "a worker would give up before its group has noticed that the one before it is gone:"
            " set the first higher"
        ),
    ),
    Rule(
        ("ECLUSE_TOPIC_PREFIX",),
        lambda read: not KAFKA_NAME.match(read.kafka.topic_prefix),
        _("Kafka takes letters, digits, dots, - and _ in the name of a topic"),
    ),
    Rule(
        ("ECLUSE_PAGE_HOSTS",),
        lambda read: (
            not all(
                HOST_NAME.match(each.strip())
                for each in read.kafka.page_hosts.split(",")
                if each.strip()
            )
        ),
        _("names without scheme, port and path are expected: nobody would be answered"),
    ),
    Rule(
        ("ECLUSE_AUTH", "ECLUSE_API_BIND"),
        _open_to_others,
        _(
            "access is not checked, and the API listens beyond this machine: whoever reaches it"
            " sees all and publishes. Set ECLUSE_AUTH=on"
        ),
    ),
    Rule(
        ("ECLUSE_AUTH", "ECLUSE_OIDC_ISSUER"),
        lambda read: read.api.auth == "off" and read.api.oidc_issuer is not None,
        _("access is not checked although an identity provider is set: set ECLUSE_AUTH=on"),
    ),
    Rule(
        ("ECLUSE_API_FORWARDED_ALLOW_IPS", "ECLUSE_API_BIND"),
        lambda read: (
            "*" in read.api.api_forwarded_allow_ips and read.api.api_bind.lower() not in LOCAL
        ),
        _(
            "the API believes whoever reaches it from where a request comes: name the addresses of"
            " the proxies"
        ),
    ),
    Rule(
        (*map(variable_name, ("url", *TLS_NAMES)),),
        _unused_tls,
        _("a file of SQLite makes no use of TLS: check the address, or remove the others"),
    ),
    Rule(
        ("ECLUSE_TREASURY_SCHEDULE", "ECLUSE_TREASURY_FILE"),
        lambda read: bool(read.treasury.treasury_schedule) and read.treasury.treasury_file is None,
        _("no slip can be prepared without the accountant's codes: name the file"),
    ),
    Rule(
        ("ECLUSE_TREASURY_EXPORTS", "ECLUSE_TREASURY_SCHEDULE"),
        lambda read: (
            read.treasury.treasury_exports is not None and not read.treasury.treasury_schedule
        ),
        _("files are written by the schedule alone: set its times, or remove the folder"),
    ),
    Rule(
        ("ECLUSE_TREASURY_RETURNS", "ECLUSE_TREASURY_EXPORTS"),
        lambda read: (
            read.treasury.treasury_returns is not None
            and read.treasury.treasury_returns == read.treasury.treasury_exports
        ),
        _("our own files would be taken for the accountant's: name two folders"),
    ),
    Rule(
        ("ECLUSE_TREASURY_FILE", "ECLUSE_WATCH_TREASURY_GROUP"),
        lambda read: read.treasury.treasury_file is not None and not read.watch.treasury_group,
        _("there is a treasury, and the watch expects none: nobody would miss it"),
    ),
)
"""The rules; each is about settings that are valid by themselves."""


def contradictions(read: Read) -> Iterator[Rule]:
    """The rules that these settings break."""
    return (rule for rule in TABLE if rule.holds(read))
