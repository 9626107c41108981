"""The words of the console, by the page that says them."""

from collections.abc import Mapping
from typing import Final

from events.texts import Translatable
from services.api.console.texts import codes, lag_page, orders, shell, today, troubles

TEXTS: Final[Mapping[str, Translatable]] = {
    f"{page}.{name}": sentence
    for page, table in (
        ("shell", shell.TEXTS),
        ("today", today.TEXTS),
        ("lag", lag_page.TEXTS),
        ("orders", orders.TEXTS),
        ("troubles", troubles.TEXTS),
        ("stage", codes.STAGES),
    )
    for name, sentence in table.items()
}
"""Texts that templates name as `page.name`."""
