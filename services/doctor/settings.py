"""The settings as they are read: valid, without contradiction, and the files that they name."""

import os
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from events.texts import Translatable, _, verbatim
from services.api.access.store import access_address
from services.api.settings import ApiSettings
from services.doctor.judge import Finding, Part, ok, trouble
from services.doctor.scope import KEYS, READ_MODEL, TREASURY
from services.doctor.variables import variable_faults
from services.open_data import config as open_data
from services.open_data.config import OpenDataSettings
from services.projector.database_errors import LIMIT_S
from services.projector.settings import TLS_NAMES, variable_name
from services.runtime.kafka.security import security_arguments
from services.runtime.ops.errors import Stop
from services.runtime.ops.http import LOCAL
from services.runtime.ops.settings import Settings, variable
from services.runtime.ops.tls import PemFile
from services.texts.translation import error_text
from services.treasury.pes import accountant
from services.treasury.settings import TreasurySettings
from services.treasury.store.database import TreasuryStore
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


def _has_unused_tls(read: Read) -> bool:
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
        _has_unused_tls,
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


VALID = _("All settings can be read, and none contradicts another.")
NO_FOLDER = _("the folder {folder} is not there: make it")
NOT_WRITABLE = _("this user may not write into the folder {folder}")

Model = TypeVar("Model", bound=BaseSettings)


class Configuration(NamedTuple):
    """The settings that could be read, and the faults of all."""

    kafka: Settings | None
    urls: dict[str, str]
    """The addresses of the databases, by what is in them."""
    authorities: list[PemFile]
    """Files of those that sign the certificates of servers."""
    certificates: list[PemFile]
    """Files of our own."""
    checks: list[Finding]


def read_configuration() -> Configuration:
    """The settings of this environment, judged."""
    findings: list[Finding] = []
    kafka = _read(Settings, findings)
    api = _read(ApiSettings, findings)
    treasury = _read(TreasurySettings, findings)
    watch = _read(WatchSettings, findings)
    extra = _read(OpenDataSettings, findings)
    for name, text in variable_faults():
        findings.append(_wrong(text, name))
    if kafka is not None:
        _attempt(lambda: security_arguments(kafka), findings)
    if kafka and api and treasury and watch:
        broken = contradictions(Read(kafka, api, treasury, watch))
        findings += [_wrong(rule.text, ", ".join(rule.names)) for rule in broken]
    if treasury is not None:
        findings += _files(treasury)
    if extra is not None and extra.open_data_file is not None:
        _attempt(lambda: open_data.read_config(extra.open_data_file), findings)
    authorities = _pem(kafka, "kafka_ssl_cafile"), _pem(api, "database_sslrootcert")
    certificates = _pem(kafka, "kafka_ssl_certfile"), _pem(api, "database_sslcert")
    urls = _urls(api, treasury, findings)
    findings = findings or [ok(Part.SETTINGS, "settings", VALID)]
    return Configuration(
        kafka,
        urls,
        [each for each in authorities if each is not None],
        [each for each in certificates if each is not None],
        findings,
    )


def _pem(own: BaseSettings | None, name: str) -> PemFile | None:
    path = getattr(own, name, None)
    return None if path is None else PemFile(variable(name), path)


def _wrong(text: Translatable, where: str) -> Finding:
    return trouble(Part.SETTINGS, "settings", text, where)


def _read(model: type[Model], findings: list[Finding]) -> Model | None:
    """The settings of a model; None where they cannot be read, and why is found."""
    try:
        return model()
    except ValidationError as error:
        prefix = model.model_config["env_prefix"]
        for each in error.errors(include_url=False, include_input=False):
            name = f"{prefix}{'_'.join(map(str, each['loc']))}".upper()
            findings.append(_wrong(verbatim(each["msg"]), name))
    except Stop as error:
        findings.append(_wrong(error.text, "")._replace(where=None))
    return None


def _attempt(make: Callable[[], Any], findings: list[Finding]) -> None:
    """Note why this cannot be made of the settings."""
    try:
        make()
    except Stop as error:
        findings.append(trouble(Part.SETTINGS, "settings", error.text))


def _files(own: TreasurySettings) -> Iterator[Finding]:
    """The file and the folders of the treasury."""
    if own.treasury_file is not None:
        name = variable("treasury_file")
        try:
            text = own.treasury_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            yield _wrong(error_text(error), f"{name}={own.treasury_file}")
        else:
            for fault in accountant.judge(text)[1]:
                yield _wrong(fault.sentence, name)
    for setting in ("treasury_returns", "treasury_exports"):
        folder = getattr(own, setting)
        if folder is not None and not folder.is_dir():
            yield _wrong(NO_FOLDER.render({"folder": folder}), variable(setting))
        elif folder is not None and not os.access(folder, os.W_OK):
            yield _wrong(NOT_WRITABLE.render({"folder": folder}), variable(setting))


def _urls(
    api: ApiSettings | None, treasury: TreasurySettings | None, findings: list[Finding]
) -> dict[str, str]:
    """The addresses of the databases that these settings name; `found` gets why one is no address.

    Where several are derived of one that cannot be read, that is said once.
    """
    makers: dict[str, Callable[[], str]] = {}
    if api is not None:
        makers[READ_MODEL] = lambda: api.url
        makers[KEYS] = lambda: access_address(api.url, api.access)
    if treasury is not None and (treasury.treasury_file or treasury.treasury_url):
        makers[TREASURY] = lambda: TreasuryStore.address_of(treasury)
    urls: dict[str, str] = {}
    for what, make in makers.items():
        try:
            urls[what] = make()
        except Stop as error:
            wrong = trouble(Part.SETTINGS, "settings", error.text)
            if wrong not in findings:
                findings.append(wrong)
    return urls
