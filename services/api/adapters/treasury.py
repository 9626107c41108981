"""The treasury's own tables and its rules, opened for the API where they are configured."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from services.api.adapters.clock import Clock
from services.api.adapters.read_model import use_current_password
from services.treasury.application.returns import Returns
from services.treasury.application.slips import Slips
from services.treasury.config.accountant import TreasuryConfig, read_config
from services.treasury.settings import TreasurySettings
from services.treasury.store.database import TreasuryStore


@dataclass(frozen=True, slots=True)
class Treasury:
    """The treasury as the API works with it."""

    store: TreasuryStore
    slips: Slips
    returns: Returns
    config: TreasuryConfig

    def use_current_password(self, address: Callable[[], str | None]) -> None:
        """Have new connections log in with the password that `address` has then."""
        self.store.use_current_password(lambda engine: use_current_password(engine, address))


def open_treasury(own: TreasurySettings, read_model: AsyncEngine, clock: Clock) -> Treasury | None:
    """The treasury by its settings; it connects when it is first asked.

    None where no file has the codes of the accountant: no slip can be made then.

    Raises:
        Stop: the file cannot be read, or is not as it must be.
    """
    if own.treasury_file is None:
        return None
    config, store = read_config(own.treasury_file), TreasuryStore.of(own)
    slips, returns = Slips(store, read_model, config, clock), Returns(store, config, clock)
    return Treasury(store, slips, returns, config)
