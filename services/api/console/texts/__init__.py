"""The words of the console, by the page that says them."""

from collections.abc import Mapping
from typing import Final

from events.sentences import Sentence
from services.api.console.texts import codes, grants, lag_page, orders, shell, today, troubles

WORDS: Final[Mapping[str, Sentence]] = {
    f"{page}.{name}": sentence
    for page, words in (
        ("shell", shell.WORDS),
        ("today", today.WORDS),
        ("grants", grants.WORDS),
        ("lag", lag_page.WORDS),
        ("orders", orders.WORDS),
        ("troubles", troubles.WORDS),
        ("stage", codes.STAGES),
    )
    for name, sentence in words.items()
}
"""What templates ask for, as `page.name`."""
