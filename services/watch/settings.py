"""Settings of the watch itself, read once from ECLUSE_WATCH_… variables.

They stand alone because the doctor reads them without the watch.
"""

from typing import Annotated, Final

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from events.lag import LEDGER_STAGE, PROJECTOR_STAGE, TREASURY_STAGE, WATCH_STAGE
from events.topics import (
    BALANCES,
    DEAD_LETTERS,
    INPUT_TOPICS,
    INTERNAL_EVENTS,
    JOURNAL,
    LEDGER_GROUP,
    PAYMENT_ORDERS,
    PROJECTOR_GROUP,
    REFUSALS,
    TREASURY_GROUP,
    WATCH_GROUP,
)
from services.lag.judge.model import Consumer

WATCHED: Final = (JOURNAL, BALANCES, REFUSALS, DEAD_LETTERS, PAYMENT_ORDERS)
"""The topics that the watch reads."""


class WatchSettings(BaseSettings):
    """Settings of the watch, beside those of the cluster.

    Raises:
        pydantic.ValidationError: a variable has an invalid value; the message names it.
    """

    model_config = SettingsConfigDict(env_prefix="ECLUSE_WATCH_", frozen=True)

    web_port: Annotated[int, Field(ge=1, le=65535)] = 6066
    """The port of /lag, /balances/{budget}, /healthz, /readyz and /metrics."""

    web_bind: str = "127.0.0.1"
    """The address of its web server; a container needs 0.0.0.0."""

    reconcile_s: Annotated[float, Field(gt=0)] = 1.0
    """Seconds between two reconciliations; a difference is known after three."""

    sample_s: Annotated[float, Field(gt=0, le=3)] = 2.0
    """Seconds between two samples of all consumer groups; a longer interval is of no use: a state
    that is reported within 15 seconds needs several samples."""

    treasury_group: str = TREASURY_GROUP
    """The consumer group that reads the payment orders; empty where none is expected."""

    unacknowledged_days: Annotated[int, Field(ge=0)] = 5
    """Days without the accountant's answer after which a payment order has waited too long."""

    share: Annotated[float, Field(gt=0, le=1)] = 0.2
    """The share of one core that it takes while the ledger has a backlog of thousands."""

    deadline_events: bool = True
    """True if the watch writes deadline events."""

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that it reads, and the one that it writes to, if it does."""
        return (*WATCHED, INTERNAL_EVENTS) if self.deadline_events else WATCHED

    @property
    def consumers(self) -> tuple[Consumer, ...]:
        """The consumer groups of the deployment, in the order in which an event passes them."""
        own = (
            Consumer(LEDGER_STAGE, LEDGER_GROUP, INPUT_TOPICS),
            Consumer(PROJECTOR_STAGE, PROJECTOR_GROUP, (JOURNAL,)),
            Consumer(WATCH_STAGE, WATCH_GROUP, WATCHED),
        )
        if not self.treasury_group:
            return own
        return (*own, Consumer(TREASURY_STAGE, self.treasury_group, (PAYMENT_ORDERS,)))
