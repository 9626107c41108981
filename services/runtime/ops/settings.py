"""The settings of a process on Kafka, read once from ECLUSE_… variables."""

import socket
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The settings of a process on Kafka; a ValidationError names the variable that is wrong."""

    model_config = SettingsConfigDict(env_prefix="ECLUSE_", frozen=True)

    bootstrap_servers: str = "localhost:9092"
    """The cluster's first brokers: `host:port`, separated by commas."""

    topic_prefix: str = ""
    """Stands before every topic, group and transactional id: several Écluses on one cluster."""

    instance: str = Field(default_factory=socket.gethostname)
    """This worker's own name in its group (static membership): the same after a restart."""

    health_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """The port of /healthz, /readyz, /partitions and /metrics; 0 serves none."""

    health_host: str = "127.0.0.1"
    """The address of that page: this machine alone, by default."""

    session_timeout_s: Annotated[float, Field(gt=0)] = 10.0
    """After this long without a heartbeat, a worker's partitions go to others."""

    transaction_timeout_s: Annotated[float, Field(gt=0)] = 60.0
    """After this long without a commit, the broker ends a transaction."""

    give_up_s: Annotated[float, Field(gt=0)] = 600.0
    """After this long without any success, a worker stops: its supervisor starts it again."""

    stall_s: Annotated[float, Field(gt=0)] = 90.0
    """After this long without a step, the watchdog ends the process. Above all other limits."""

    def topic(self, name: str) -> str:
        """The topic of the contract, as it is called on this cluster."""
        return self.topic_prefix + name

    def group(self, name: str) -> str:
        """The consumer group, as it is called on this cluster."""
        return self.topic_prefix + name
