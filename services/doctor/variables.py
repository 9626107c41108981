"""Every setting of every role, of the models that read them: its value and where it stands.

The models are the list: what stands in one of them stands here. Of the command's own variables,
which no model reads, `COMMAND` is the list. An address is shown without password and query.
"""

import os
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from events.texts import Translatable, _
from services.api.settings import ApiSettings
from services.open_data.config import OpenDataSettings
from services.projector.settings import DatabaseSettings
from services.runtime.ops.settings import PREFIX, Environment, Settings
from services.treasury.settings import TreasurySettings
from services.watch.settings import WatchSettings

HIDDEN: Final = "***"

SCHEME: Final = "://"
USER_AND_PASSWORD: Final = re.compile(r"//(?:([^:@/?#]*:).*|.*)@", re.DOTALL)
"""Up to the last `@`: a password that was not escaped may hold others."""

AFTER_PATH: Final = re.compile(r"[?#].*", re.DOTALL)


def hide_secrets(address: str) -> str:
    """The address with its scheme, user, host and path alone; what is no address is left as it is.

    A user without a password is hidden too: it may be a token.
    """
    if SCHEME not in address:
        return address
    return AFTER_PATH.sub("", USER_AND_PASSWORD.sub(rf"//\1{HIDDEN}@", address))


ROLES: Final[Mapping[str, tuple[type[BaseSettings], ...]]] = MappingProxyType(
    {
        "ledger": (Settings,),
        "projector": (Settings, DatabaseSettings),
        "watch": (Settings, WatchSettings),
        "api": (Settings, ApiSettings, TreasurySettings),
        "treasury": (Settings, TreasurySettings),
        "open-data": (DatabaseSettings, OpenDataSettings),
    }
)
"""The settings that each role reads."""

COMMAND: Final = (
    "ECLUSE_LANG",
    "ECLUSE_LOG_LEVEL",
    "ECLUSE_CONSOLE_URL",
    "ECLUSE_SEAL_KEY",
    "ECLUSE_DATA",
)
"""The variables of the command itself, none of them a secret."""

OF_THE_COMMAND: Final = "command"

OF_AN_ADDRESS: Final = "_URL"
"""The end of the names of addresses, of which a part may be shown although it is a secret."""

NEXT_ADDRESS: Final = re.compile(r",(?=[\w+.-]+://)")

OF_COMPOSE: Final = re.compile(
    r"^ECLUSE_(TEST_.*|(.*_)?IMAGE|(GRAFANA|KAFKA|POSTGRESQL|PROMETHEUS|WATCH)_PORT|KAFKA_MEMORY"
    r"|KAFKA_HEAP|KAFKA_JVM_OPTIONS|PROBE_INTERVAL|PROMETHEUS_KEYS)$"
)
"""Variables of docker-compose.yml and of tests, which no process reads."""

UNKNOWN = _("no setting has this name: check its spelling")
BOTH = _("{name} and {name}_FILE are both set: the file is taken. Remove one of them")


class Source(StrEnum):
    """The place where a value stands."""

    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


class Variable(NamedTuple):
    """A setting as it is in force."""

    name: str
    """The environment variable."""
    value: str | None
    """None where it is not set and has no default; a secret is hidden."""
    source: Source
    file: str | None
    """The file that `…_FILE` names."""
    secret: bool
    roles: tuple[str, ...]


def variables(environment: Mapping[str, str] = os.environ) -> list[Variable]:
    """All settings, in the order of their models."""
    # pydantic does not heed the case of a variable.
    known = {name.upper(): text for name, text in environment.items()}
    found: dict[str, Variable] = {}
    for role, models in ROLES.items():
        for model in models:
            for name, field in model.model_fields.items():
                variable = _prefix(model) + name.upper()
                before = found[variable].roles if variable in found else ()
                roles = before if role in before else (*before, role)
                found[variable] = _variable(known, model, variable, field, roles)
    for name in COMMAND:
        text = known.get(name) or None
        source = Source.DEFAULT if text is None else Source.ENVIRONMENT
        value = _mask_value(name, text, secret=False)
        found[name] = Variable(name, value, source, None, False, (OF_THE_COMMAND,))
    return list(found.values())


def _prefix(model: type[BaseSettings]) -> str:
    return str(model.model_config["env_prefix"])


def _variable(
    known: Mapping[str, str],
    model: type[BaseSettings],
    name: str,
    field: FieldInfo,
    roles: tuple[str, ...],
) -> Variable:
    secret = field.annotation is SecretStr or SecretStr in get_args(field.annotation)
    takes_file = issubclass(model, Environment)
    file = known.get(f"{name}_FILE") or None if takes_file else None
    text = known.get(name)
    if takes_file and not text:  # `env_ignore_empty`
        text = None
    if file is not None:
        # What stands in it may be long, or a secret: it is read where it is used.
        shown = _mask_value(name, _read(file) or HIDDEN, secret=True) if secret else None
        return Variable(name, shown, Source.FILE, file, secret, roles)
    source = Source.DEFAULT if text is None else Source.ENVIRONMENT
    if text is None:
        text = _default(field)
    return Variable(name, _mask_value(name, text, secret=secret), source, None, secret, roles)


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _default(field: FieldInfo) -> str | None:
    default: Any = field.get_default(call_default_factory=True)
    match default:
        case None:
            return None
        case SecretStr():
            return default.get_secret_value()
        case bool():
            return str(default).lower()
        case str() | int() | float():
            return str(default)
        case _:  # What is made of a file: the names of codes, the rights of roles.
            return ""


def _mask_value(name: str, text: str | None, *, secret: bool) -> str | None:
    """A value without what nobody may see; of a secret only an address is shown.

    Several addresses stand with commas between them, which a secret may hold too.
    """
    if not text:
        return text
    if secret:
        is_address = name.endswith(OF_AN_ADDRESS) and SCHEME in text
        return hide_secrets(text) if is_address else HIDDEN
    return ",".join(map(hide_secrets, NEXT_ADDRESS.split(text)))


def variable_faults(
    environment: Mapping[str, str] = os.environ,
) -> Iterator[tuple[str, Translatable]]:
    """Variables of ours that nothing reads, and those that are set twice, each with what to do."""
    known = {each.name for each in variables({})}
    files = {f"{each}_FILE" for each in known}
    set_now = {name.upper() for name, text in environment.items() if text}
    for name in sorted(each for each in set_now if each.startswith(PREFIX)):
        if name not in known | files and not OF_COMPOSE.match(name):
            yield name, UNKNOWN
        if name in known and f"{name}_FILE" in set_now:
            yield name, BOTH.render({"name": name})
