"""The settings of the watch itself: read once, from ECLUSE_WATCH_… variables."""

from typing import Annotated, Final

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from events.topics import BALANCES, DEAD_LETTERS, INTERNAL_EVENTS, JOURNAL, PAYMENT_ORDERS, REFUSALS

WATCHED: Final = (JOURNAL, BALANCES, REFUSALS, DEAD_LETTERS, PAYMENT_ORDERS)
"""What the watch reads."""


class WatchSettings(BaseSettings):
    """What is the watch's own, beside where the cluster is.

    Raises:
        pydantic.ValidationError: a variable holds what it cannot mean; the message names it.
    """

    model_config = SettingsConfigDict(env_prefix="ECLUSE_WATCH_", frozen=True)

    web_port: Annotated[int, Field(ge=1, le=65535)] = 6066
    """The port of /lag, /balances/{budget}, /healthz, /readyz and /metrics."""

    web_bind: str = "127.0.0.1"
    """The address that it listens on; a container needs 0.0.0.0."""

    round_s: Annotated[float, Field(gt=0)] = 1.0
    """How often it looks what waits; what is missing is known after three rounds."""

    sample_s: Annotated[float, Field(gt=0, le=3)] = 2.0
    """How often it asks the cluster where every consumer group stands; less often proves nothing:
    a state that is told within 15 seconds is made of several looks."""

    treasury_group: str = "ecluse.treasury"
    """The consumer group that reads the payment orders; empty: none is expected."""

    unacknowledged_days: Annotated[int, Field(ge=0)] = 5
    """After so many days without the accountant's answer a payment order has waited too long."""

    share: Annotated[float, Field(gt=0, le=1)] = 0.2
    """How much of one core it takes while the ledger has thousands of records before it."""

    deadline_events: bool = True
    """Whether the watch writes deadline events."""

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that it needs: what it reads, and what it writes to if it does."""
        return (*WATCHED, INTERNAL_EVENTS) if self.deadline_events else WATCHED
