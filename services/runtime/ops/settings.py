"""The settings of a process on Kafka, read once from ECLUSE_… variables.

A value may stand in a file instead, as containers keep secrets: `ECLUSE_KAFKA_SASL_PASSWORD_FILE`
names the file of `ECLUSE_KAFKA_SASL_PASSWORD`. A `Secret` is read again where its file changes.
"""

import os
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import structlog
from pydantic import Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from services.runtime.ops.clock import wall_clock
from services.runtime.ops.errors import Stop
from services.texts.translation import error_text

PREFIX: Final = "ECLUSE_"


def variable(field: str) -> str:
    """The name of the environment variable of a setting."""
    return PREFIX + field.upper()


def read_value_files(names: Iterable[str]) -> dict[str, Any]:
    """Values that stand in files, which `ECLUSE_<NAME>_FILE` names, without the end of their line.

    Raises:
        Stop: a file cannot be read.
    """
    found: dict[str, Any] = {}
    for name in names:
        of_file = f"{variable(name)}_FILE"
        if path := os.environ.get(of_file):
            try:
                found[name] = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise Stop(f"{of_file}={path}", error_text(error)) from error
    return found


class Environment(BaseSettings):
    """Settings from ECLUSE_… variables and from the files that ECLUSE_…_FILE name."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, hide_input_in_errors=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options of the command first, then the files, then the environment."""
        del dotenv_settings, file_secret_settings
        of_files = InitSettingsSource(settings_cls, read_value_files(settings_cls.model_fields))
        return init_settings, of_files, env_settings


class Settings(Environment):
    """The settings of a process on Kafka.

    Raises:
        pydantic.ValidationError: a variable is wrong; the message names it.
        Stop: a file of a variable cannot be read.
    """

    bootstrap_servers: str = "localhost:9092"
    """The cluster's first brokers: `host:port`, separated by commas."""

    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """Encryption (SSL) and login (SASL) of every connection to the cluster."""

    kafka_sasl_mechanism: (
        Literal["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN", "OAUTHBEARER"] | None
    ) = None
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None

    kafka_ssl_cafile: Path | None = None
    """PEM file of the authorities that sign the brokers' certificates; else the machine's own."""

    kafka_ssl_certfile: Path | None = None
    """PEM file of our own certificate, for clusters that ask for one."""

    kafka_ssl_keyfile: Path | None = None
    """PEM file of its key, if it is not in the same file."""

    kafka_ssl_key_password: SecretStr | None = None

    kafka_oauth_token_url: str | None = None
    """Address at which OAUTHBEARER fetches tokens, by the client credentials."""

    kafka_oauth_client_id: str | None = None
    kafka_oauth_client_secret: SecretStr | None = None
    kafka_oauth_scope: str | None = None

    topic_prefix: str = ""
    """Stands before every topic, group and transactional id: several Écluses on one cluster."""

    instance: str = Field(default_factory=socket.gethostname)
    """This worker's own name in its group (static membership): the same after a restart."""

    health_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """The port of /healthz, /readyz, /partitions and /metrics; 0 serves none."""

    health_host: str = "127.0.0.1"
    """The address of that page: this machine alone, by default."""

    page_hosts: str = ""
    """Names with a dot by which that page and those of the watch are asked, separated by commas:
    `watch.ecluse.svc.cluster.local`. They answer to addresses and to names without a dot anyway;
    any other name could be bound anew by whoever owns it (DNS rebinding)."""

    session_timeout_s: Annotated[float, Field(gt=0)] = 10.0
    """After this long without a heartbeat, a worker's partitions go to others."""

    transaction_timeout_s: Annotated[float, Field(gt=0)] = 60.0
    """After this long without a commit, the broker ends a transaction."""

    give_up_s: Annotated[float, Field(gt=0)] = 600.0
    """After this long without any success, a worker stops: its supervisor starts it again."""

    stall_s: Annotated[float, Field(gt=0)] = 90.0
    """After this long without a step, the watchdog ends the process. Above all other limits."""

    @property
    def hosts(self) -> frozenset[str]:
        """Names by which the pages of workers and of the watch are asked."""
        named = (each.strip().lower() for each in self.page_hosts.split(","))
        return frozenset({socket.gethostname().lower(), *filter(None, named)})

    @property
    def over_tls(self) -> bool:
        """True if connections to the cluster are encrypted."""
        return self.kafka_security_protocol.endswith("SSL")

    @property
    def with_login(self) -> bool:
        """True if clients log in by SASL."""
        return self.kafka_security_protocol.startswith("SASL")

    @property
    def asks_who_we_are(self) -> bool:
        """True of a cluster that may refuse us while we run; others only close connections."""
        return self.kafka_security_protocol != "PLAINTEXT"

    def topic(self, name: str) -> str:
        """The topic of the contract, as it is called on this cluster."""
        return self.topic_prefix + name

    def group(self, name: str) -> str:
        """The consumer group, as it is called on this cluster."""
        return self.topic_prefix + name


WRITING_S: Final = 2.0
"""Time since the last change of a file in which somebody may still be writing it."""

SECRET_BYTES_MAX: Final = 64 * 1024

log: Final = structlog.stdlib.get_logger("ecluse.settings")

Signature = tuple[int, int, int]
"""What changes with a file: its inode, its size, the time of its last change."""


class Secret:
    """The value of a setting, as its file has it now; of a variable, as it was at the start.

    A file that is away, empty, too large or being written leaves the value as it was.
    """

    def __init__(self, name: str, first: SecretStr | None) -> None:
        named = os.environ.get(f"{variable(name)}_FILE")
        self._name = name
        self._file = Path(named) if named else None
        self._value = first
        self._taken: Signature | None = None

    def value(self) -> str | None:
        """The secret; None where there is none."""
        if self._file is not None:
            self._check(self._file)
        return None if self._value is None else self._value.get_secret_value()

    def _check(self, file: Path) -> None:
        try:
            found = file.stat()
        except OSError:
            signature = None
        else:
            signature = found.st_ino, found.st_size, found.st_mtime_ns
            if 0 <= wall_clock() - found.st_mtime < WRITING_S:
                return
        if signature == self._taken:
            return
        self._taken = signature
        try:
            text = SecretStr(_read_secret(file))
        except (OSError, ValueError) as error:
            log.warning("secret_file_not_taken", setting=variable(self._name), error=str(error))
            return
        if text != self._value:
            log.info("secret_file_taken", setting=variable(self._name))
        self._value = text


def _read_secret(file: Path) -> str:
    """The text of a file, without the end of its line.

    Raises:
        OSError: it cannot be read.
        ValueError: it is empty, too large, or no text.
    """
    with file.open("rb") as opened:
        content = opened.read(SECRET_BYTES_MAX + 1)
    text = content.decode(errors="replace").strip()
    if not text or len(content) > SECRET_BYTES_MAX or "\ufffd" in text:
        raise ValueError("it is empty, too large, or no text")
    return text
