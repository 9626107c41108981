"""The scope of an examination: whose environment it is, and what is to be examined."""

import asyncio
import traceback
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from aiokafka.errors import KafkaError

from events.texts import Translatable, _
from services.doctor.judge import NO_ANSWER, Finding, Part, trouble, unknown
from services.runtime.kafka.acls import OperationName, read_rights
from services.runtime.kafka.security import NO_RIGHTS, text_of
from services.runtime.kafka.topic_catalogue import read_catalogue
from services.runtime.kafka.waits import only_our_cancellation
from services.runtime.ops.clock import Clock, wall_clock
from services.runtime.ops.errors import Stop
from services.runtime.ops.settings import Settings
from services.texts.translation import error_text

LIMIT_S: Final = 10.0
"""The time limit of a check that asks one question or a few."""

LONG_S: Final = 60.0
"""The limit of one that asks about every partition."""

LEDGER: Final = "ledger"
CONSUMERS: Final = "consumers"
READ_MODEL: Final = "read model"
KEYS: Final = "keys"
TREASURY: Final = "treasury"

USES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "publisher": frozenset(),
        "ledger": frozenset({LEDGER}),
        "projector": frozenset({READ_MODEL}),
        "api": frozenset({READ_MODEL, KEYS, TREASURY}),
        "watch": frozenset({CONSUMERS}),
        "treasury": frozenset({READ_MODEL, TREASURY}),
        "auditor": frozenset({LEDGER}),
    }
)
"""What each principal of deploy/acls.yaml works with beside Kafka; an operator with everything."""

FAILED: Final = _("not known: this check has a fault of its own ({error}), please report it")


@dataclass(frozen=True, slots=True)
class Scope:
    """The scope of an examination, and its clock."""

    settings: Settings
    role: str | None = None
    """The principal that this is run as; None examines for all."""
    before_start: bool = False
    """True where the services do not run yet, and have made nothing."""
    form: str = "User:NAME"
    """How the cluster names a principal."""
    clock: Clock = wall_clock

    def uses(self, what: str) -> bool:
        """True if it is part of what this role connects to."""
        return what in USES.get(self.role or "", frozenset({what}))

    def topics(self, operation: OperationName | None = None) -> list[str]:
        """The topics, by the contract's names, with which the role may do this, or anything."""
        every = list(read_catalogue().topics)
        if self.role is None:
            return every
        own = read_rights().principals[self.role].topics
        return [
            name
            for name in every
            if operation in own.get(name, ()) or (operation is None and name in own)
        ]

    @property
    def limit_s(self) -> float:
        """The limit of a check on Kafka: as many brokers as are named may be asked in vain."""
        return LIMIT_S * (1 + self.settings.bootstrap_servers.count(","))


def principal(settings: Settings) -> str:
    """The principal of these settings: as it logs in, or by its certificate."""
    named = settings.kafka_sasl_username or settings.kafka_oauth_client_id
    return named or str(settings.kafka_ssl_certfile or "ANONYMOUS")


async def run_check(
    part: Part,
    name: str,
    check: Awaitable[list[Finding]],
    limit_s: float = LIMIT_S,
    where: str | None = None,
) -> list[Finding]:
    """The result of a check; where it fails or takes too long, that is its result.

    Of a fault of ours its place is said, not its text, which may hold a secret.
    """

    def fails(text: Translatable) -> list[Finding]:
        return [trouble(part, name, text, where)]

    try:
        with only_our_cancellation():
            async with asyncio.timeout(limit_s):
                return await check
    except TimeoutError:
        return fails(NO_ANSWER.render({"limit_s": limit_s}))
    except Stop as error:
        if isinstance(error.__cause__, NO_RIGHTS):
            return [unknown(part, name, text_of(error.__cause__), where)]
        return fails(error.text)
    except NO_RIGHTS as error:
        return [unknown(part, name, text_of(error), where)]
    except KafkaError as error:
        return fails(text_of(error))
    except OSError as error:
        return fails(error_text(error))
    except Exception as error:  # noqa: BLE001 # the other lines are worth as much without this one
        last = traceback.extract_tb(error.__traceback__)[-1]
        facts = {"error": f"{type(error).__name__}, {Path(last.filename).name}:{last.lineno}"}
        return [unknown(part, name, FAILED.render(facts), where)]
