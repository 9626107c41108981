"""Warnings of a file's events: codes of budget lines from which no slip can pay.

Alone: they are looked for only where ECLUSE_TREASURY_FILE is set.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from events.budgets import BudgetVoted, CreditsTransferred
from events.conventions import ConventionAmended, ConventionSigned
from events.deliberations import DeliberationAdopted
from events.texts import Translatable
from services.ledger.explain.sentences import line_label
from services.treasury.pes.accountant import TreasuryConfig, read_config
from services.treasury.pes.faults import code_faults
from services.treasury.settings import TreasurySettings

GRANTING: Final = {DeliberationAdopted.TYPE, ConventionSigned.TYPE, ConventionAmended.TYPE}
"""Types of events from whose lines a grant is paid."""

WITH_LINES: Final = {BudgetVoted.TYPE, CreditsTransferred.TYPE, *GRANTING}
"""Types of events that name budget lines first."""

LINES: Final = {"line", "from_line", "to_line"}
"""Members of an event that are a budget line."""


class LineCodes:
    """The lines of a file's events; each fault is said once, where it first stands."""

    def __init__(self) -> None:
        """Read what the file of ECLUSE_TREASURY_FILE says of budgets, where one is named.

        Raises:
            Stop: it cannot be read, or is not as it must be.
        """
        path = TreasurySettings().treasury_file
        self._config = TreasuryConfig() if path is None else read_config(path)
        self._known: set[tuple[str, str, str]] = set()

    def faults(self, event_type: str, raw: bytes) -> Iterator[Translatable]:
        """The faults of an event's lines that no event before it had."""
        if event_type not in WITH_LINES:
            return
        data = msgspec.json.decode(raw)["data"]
        budget = data["budget"]
        settings = self._config.find_budget(budget)
        functional = None if settings is None else settings.functional
        for line in _lines_in(data):
            name = line_label({"function": None, "operation": None, **line})
            for fault in code_faults(
                name,
                line.get("function"),
                line.get("operation"),
                functional=functional,
                is_granted=event_type in GRANTING,
            ):
                if (key := (budget, name, fault.msgid)) not in self._known:
                    self._known.add(key)
                    yield fault


def _lines_in(part: Any) -> Iterator[Mapping[str, str]]:
    """All budget lines in a part of an event, however deep."""
    if isinstance(part, list):
        for each in part:
            yield from _lines_in(each)
    elif isinstance(part, dict):
        for name, each in part.items():
            if name in LINES and isinstance(each, dict):
                yield each
            else:
                yield from _lines_in(each)
