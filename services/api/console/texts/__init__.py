"""The words of the console, by the page that says them."""

from collections.abc import Mapping
from typing import Final

from events.sentences import Sentence
from services.api.console.texts import codes, grants, lag_page, orders, shell, today, troubles

TEXTS: Final[Mapping[str, Sentence]] = {
    f"{page}.{name}": sentence
    for page, table in (
        ("shell", shell.TEXTS),
        ("today", today.TEXTS),
        ("grants", grants.TEXTS),
        ("lag", lag_page.TEXTS),
        ("orders", orders.TEXTS),
        ("troubles", troubles.TEXTS),
        ("stage", codes.STAGES),
    )
    for name, sentence in table.items()
}
"""Texts that templates name as `page.name`."""
