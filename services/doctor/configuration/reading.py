"""The settings as they are read: valid, without contradiction, and the files that they name."""

import os
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from events.texts import Translatable, _, verbatim
from services.api.access.store import access_address
from services.api.settings import ApiSettings
from services.doctor.checks import Check, Part, ok, trouble
from services.doctor.configuration.contradictions import Read, contradictions
from services.doctor.configuration.variables import variable_faults
from services.doctor.scope import KEYS, READ_MODEL, TREASURY
from services.open_data import config as open_data
from services.open_data.config import OpenDataSettings
from services.runtime.kafka.security import security_arguments
from services.runtime.ops.errors import Stop
from services.runtime.ops.settings import Settings, variable
from services.runtime.ops.tls import PemFile
from services.texts.system_errors import error_text
from services.treasury.config import accountant
from services.treasury.settings import TreasurySettings
from services.treasury.store.database import TreasuryStore
from services.watch.settings import WatchSettings

VALID = _("All settings can be read, and none contradicts another.")
NO_FOLDER = _("the folder {folder} is not there: make it")
NOT_WRITABLE = _("this user may not write into the folder {folder}")

Model = TypeVar("Model", bound=BaseSettings)


class Configuration(NamedTuple):
    """What could be read of the settings, and what is wrong with them."""

    kafka: Settings | None
    urls: dict[str, str]
    """The addresses of the databases, by what is in them."""
    authorities: list[PemFile]
    """Files of those that sign the certificates of servers."""
    certificates: list[PemFile]
    """Files of our own."""
    checks: list[Check]


def read_configuration() -> Configuration:
    """The settings of this environment, judged."""
    found: list[Check] = []
    kafka = _read(Settings, found)
    api = _read(ApiSettings, found)
    treasury = _read(TreasurySettings, found)
    watch = _read(WatchSettings, found)
    extra = _read(OpenDataSettings, found)
    for name, text in variable_faults():
        found.append(_wrong(text, name))
    if kafka is not None:
        _attempt(lambda: security_arguments(kafka), found)
    if kafka and api and treasury and watch:
        broken = contradictions(Read(kafka, api, treasury, watch))
        found += [_wrong(rule.text, ", ".join(rule.names)) for rule in broken]
    if treasury is not None:
        found += _files(treasury)
    if extra is not None and extra.open_data_file is not None:
        _attempt(lambda: open_data.read_config(extra.open_data_file), found)
    authorities = _pem(kafka, "kafka_ssl_cafile"), _pem(api, "database_sslrootcert")
    certificates = _pem(kafka, "kafka_ssl_certfile"), _pem(api, "database_sslcert")
    urls = _urls(api, treasury, found)
    found = found or [ok(Part.SETTINGS, "settings", VALID)]
    return Configuration(
        kafka,
        urls,
        [each for each in authorities if each is not None],
        [each for each in certificates if each is not None],
        found,
    )


def _pem(own: BaseSettings | None, name: str) -> PemFile | None:
    path = getattr(own, name, None)
    return None if path is None else PemFile(variable(name), path)


def _wrong(text: Translatable, where: str) -> Check:
    return trouble(Part.SETTINGS, "settings", text, where)


def _read(model: type[Model], found: list[Check]) -> Model | None:
    """The settings of a model; None where they cannot be read, and why is found."""
    try:
        return model()
    except ValidationError as error:
        prefix = model.model_config["env_prefix"]
        for each in error.errors(include_url=False, include_input=False):
            name = f"{prefix}{'_'.join(map(str, each['loc']))}".upper()
            found.append(_wrong(verbatim(each["msg"]), name))
    except Stop as error:
        found.append(_wrong(error.text, "")._replace(where=None))
    return None


def _attempt(make: Callable[[], Any], found: list[Check]) -> None:
    """Note why this cannot be made of the settings."""
    try:
        make()
    except Stop as error:
        found.append(trouble(Part.SETTINGS, "settings", error.text))


def _files(own: TreasurySettings) -> Iterator[Check]:
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
    api: ApiSettings | None, treasury: TreasurySettings | None, found: list[Check]
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
            if wrong not in found:
                found.append(wrong)
    return urls
